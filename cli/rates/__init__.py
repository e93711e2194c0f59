"""`handoff rates`: rate cards."""
