"""What our words mean: models, states and pure rules; no I/O, no clock, no settings."""
