"""Kantata OX (Mavenlink v1 API) as the firm's PSA."""
