"""A milestone's acceptance: who accepted it, when, and the record that proves it (R73, R74)."""

from datetime import date
from enum import StrEnum

from canonical.reference import Reference
from canonical.schema import Canonical, published


class AcceptanceState(StrEnum):
    """Whether the customer stands by it."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
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

    @property
    def term(self) -> str:
        """The milestone as its contract calls it, also where the contract was written before it (M1, C-100.M1)."""
        return self.milestone.removeprefix(f"{self.contract}.")

    @property
    def subject(self) -> str:
        """What all words of it are about: the milestone of the contract."""
        return f"{self.contract}.{self.term}"

    @property
    def billing(self) -> str:
        """The process that bills it: one for each version."""
        return self.billing_of(self.version)

    def billing_of(self, version: str) -> str:
        """The same for another version."""
        return f"bill_milestone/{self.contract}/{self.term}/{version}"
