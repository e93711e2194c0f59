"""Workday: who delivers, for which legal entity, as what and at what cost, over time."""
