"""Simulated vendor systems: real HTTP servers that keep state and fail on demand; nothing here imports anything of ours."""
