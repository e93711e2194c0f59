"""`handoff close`: closing a month of an entity."""
