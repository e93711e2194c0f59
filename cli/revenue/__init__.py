"""`handoff revenue`: what is earned, and when."""
