"""A milestone's acceptance: who accepted it, when, and the record that proves it (R73, R74)."""

from datetime import date
from enum import StrEnum

from canonical.reference import Reference
from canonical.schema import Canonical, published


class AcceptanceState(StrEnum):
    """Whether the customer stands by it."""

    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


@published
class Acceptance(Canonical):
    """What delivery or a project-governance tool says of a milestone. ``evidence_url`` leads to the signed acceptance record.

    ``version`` sorts as text and grows with each change, so that a late word of an earlier one is known as such.
    """

    contract: Reference
    milestone: Reference
    version: str
    state: AcceptanceState = AcceptanceState.ACCEPTED
    accepted_on: date
    accepted_by: str
    evidence_url: str = ""
