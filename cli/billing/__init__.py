"""`handoff billing`: what becomes of approved work."""
