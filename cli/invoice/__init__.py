"""`handoff invoice`: one invoice, and where each of its lines comes from."""
