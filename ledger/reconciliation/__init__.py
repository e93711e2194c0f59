"""Runs, sides, buckets and findings: both sides by COPY, compared by sets."""
