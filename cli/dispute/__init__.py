"""`handoff dispute`: parts of invoices that customers contest."""
