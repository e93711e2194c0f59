"""What a fact from outside turned out to be, given all that came before it."""

from typing import Literal

from pydantic import BaseModel

FactOutcome = Literal["new", "duplicate", "stale", "conflicting"]


class Verdict(BaseModel):
    """The judgement on one version of one canonical object; ``seen_fingerprint`` is what the version held before, if it was known."""

    reference: str
    version: str
    outcome: FactOutcome
    fingerprint: str
    seen_fingerprint: str = ""
