"""The world of a scenario, and that world as each simulated vendor is seeded: a deal becomes records in several systems."""

from collections.abc import Mapping
from typing import Any

from rehearsal.beginning import Beginning
from rehearsal.record import Json
from rehearsal.systems.registry import KNOWN, SystemName


class World(Beginning):
    """What is there before the story begins. ``systems`` is a vendor's own seed, for anything that has no business word here."""

    systems: dict[SystemName, dict[str, Any]] = {}

    def seeds(self) -> dict[SystemName, Json]:
        """What each vendor is told to hold, apart from the accounts by which we sign in."""
        return {name: merged(system.seed(self), self.systems.get(name, {})) for name, system in KNOWN.items()}


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Json:
    """Both as one; where both say something, the other counts, key by key."""
    both = dict(one)
    for key, value in other.items():
        held = both.get(key)
        both[key] = merged(held, value) if isinstance(held, Mapping) and isinstance(value, Mapping) else value
    return both
