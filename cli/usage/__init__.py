"""`handoff usage`: metered use."""
