"""Acceptance stories against simulated systems."""
