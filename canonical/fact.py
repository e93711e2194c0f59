"""What a fact from outside turned out to be, given all that came before it."""

from typing import Literal

FactOutcome = Literal["new", "duplicate", "stale", "conflicting"]

from canonical.schema import Part


class Verdict(Part):
    """The judgement on one version of one canonical object; ``seen_fingerprint`` is what the version held before, if it was known."""

    reference: str
    version: str
    outcome: FactOutcome
    fingerprint: str
    seen_fingerprint: str = ""
