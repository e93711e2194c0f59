"""Avalara AvaTax: what tax a document bears, and its record with the tax engine."""
