"""What a version of a canonical object turned out to be: new, known, older than what is known, or contradicting it."""

from typing import Literal

from canonical.schema import Part


class Verdict(Part):
    """What a fact turned out to be, given all that came before it."""

    reference: str
    version: str
    outcome: Literal["new", "duplicate", "stale", "conflicting"]
    fingerprint: str
    seen_fingerprint: str = ""
