"""A credit before it is one: what a person asks to take back, the proposal that follows, and where it stands (R79, R80)."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from canonical.billable import CreditDisposition
from canonical.invoice import CreditedAllocation, DocumentLine
from canonical.money import Currency, Money
from canonical.party import Customer
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class ProposalState(StrEnum):
    """Where a proposal stands. POSTED ones stand in the ERP's books; REJECTED and WITHDRAWN ones left everything as it was."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    POSTED = "posted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class CreditPart(Part):
    """What is taken back: an item or a line of the invoice (neither: all of it), so much of it (neither: all that stands).

    ``invoice`` names another invoice of the same customer and contract, where one memo credits several (a lower rate, S05).
    """

    billable: str = ""
    line: int | None = None
    invoice: str = ""
    amount: Money | None = None
    quantity: Decimal | None = Field(default=None, description="hours or pieces, credited at what they were billed at")
    disposition: CreditDisposition = CreditDisposition.REOPENED

    @model_validator(mode="after")
    def _says_how_much_once(self) -> Self:
        if self.amount is not None and self.quantity is not None:
            raise ValueError("a credit takes back an amount or a quantity, not both; leave one out")
        return self


class Rebill(Part):
    """What was re-opened is billed again at once, to ``bill_to`` if that is another; ``customer_id`` is its id in the ERP.

    ``at_current_rates``: what was rated before a rate changed is rated again first (S05).
    """

    bill_to: Customer | None = None
    customer_id: str = ""
    at_current_rates: bool = False


@published
class CreditRequest(Canonical):
    """A person asks for a credit of a posted invoice. ``on`` is the day it should be accounted; without one it is today."""

    reference: Reference
    invoice: Reference
    parts: tuple[CreditPart, ...] = (CreditPart(),)
    reason: str
    on: date | None = None
    rebill: Rebill | None = None

    @property
    def reopens(self) -> bool:
        """Whether something of it is to be billed again."""
        return any(part.disposition is CreditDisposition.REOPENED for part in self.parts)


class ProposedPart(Part):
    """An allocation that is credited, with the item and the line behind it."""

    credited: CreditedAllocation
    billable: str
    invoice: str
    line: int


@published
class CreditProposal(Canonical):
    """A request come to its amounts: ``net`` of the items, ``restored`` to retainers, ``tax`` (``taxes``: by invoice line).

    ``roundings`` of the invoice that go with the items are part of net and tax.
    """

    request: CreditRequest
    contract: Reference
    entity: str
    customer: Reference
    currency: Currency
    parts: tuple[ProposedPart, ...]
    net: Money
    restored: Money
    tax: Money
    taxes: dict[int, Money] = {}
    roundings: tuple[DocumentLine, ...] = ()
    memo_date: date
    accounting_date: date
    state: ProposalState = ProposalState.PROPOSED
    proposed_by: str = ""
    proposed_at: datetime | None = None
    decided_by: str = ""
    note: str = ""

    @property
    def total(self) -> Money:
        """What the customer no longer owes."""
        return self.net - self.restored + self.tax

    @property
    def reopened(self) -> tuple[str, ...]:
        """The items that are billed again."""
        names = (one.billable for one in self.parts if one.credited.disposition is CreditDisposition.REOPENED)
        return tuple(dict.fromkeys(names))


ALLOWED = {
    (ProposalState.PROPOSED, ProposalState.APPROVED),
    (ProposalState.PROPOSED, ProposalState.REJECTED),
    (ProposalState.PROPOSED, ProposalState.WITHDRAWN),
    (ProposalState.APPROVED, ProposalState.POSTED),
    (ProposalState.APPROVED, ProposalState.WITHDRAWN),
}
