"""`handoff receivables`: what customers owe, and what they paid."""
