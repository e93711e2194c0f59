"""The business processes, one a file."""
