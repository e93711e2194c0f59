"""The simulated systems of the demo firm, one file each."""
