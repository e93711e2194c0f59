"""What a fact from outside turned out to be, given all that came before it."""

from typing import Literal

from canonical.schema import Part

FactOutcome = Literal["new", "duplicate", "stale", "conflicting"]


class Verdict(Part):
    """The judgement on a version of a canonical object; ``seen_fingerprint`` is what the version held before, if known."""

    reference: str
    version: str
    outcome: FactOutcome
    fingerprint: str
    seen_fingerprint: str = ""
