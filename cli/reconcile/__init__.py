"""Commands of this group, one a file."""
