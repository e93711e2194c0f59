"""One folder a vendor; the HTTP client, protocol libraries and canonical only."""
