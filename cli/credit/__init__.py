"""`handoff credit`: credits of posted invoices, proposed by one person and agreed by another."""
