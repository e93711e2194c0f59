"""Journals: debits equal credits, by entity and currency; and the accounting periods they fall into."""

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from canonical.errors import Unbalanced
from canonical.money import Currency, Money
from canonical.period import Period
from canonical.project import Dimensions
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class JournalLine(Part):
    """One posting: exactly one of debit and credit, positive. ``account`` is a number of the firm's chart."""

    account: str
    debit: Money | None = None
    credit: Money | None = None
    memo: str = ""
    dimensions: Dimensions = Dimensions()
    customer: str = ""
    project: str = ""

    @model_validator(mode="after")
    def _has_one_side(self) -> Self:
        sides = [side for side in (self.debit, self.credit) if side is not None]
        if len(sides) != 1 or sides[0].amount <= 0:
            raise ValueError(f"a line on account {self.account} has one side, debit or credit, with a positive amount")
        return self


@published
class Journal(Canonical):
    """A journal in one currency that balances, or is refused (U3). ``reverses_on`` asks the ERP for the opposite on that day."""

    reference: Reference
    entity: str
    currency: Currency
    accounting_date: date
    memo: str = ""
    lines: tuple[JournalLine, ...]
    reverses_on: date | None = None
    source: str = ""

    @model_validator(mode="after")
    def _balances(self) -> Self:
        debits = Money.sum((line.debit for line in self.lines if line.debit), self.currency)
        credits = Money.sum((line.credit for line in self.lines if line.credit), self.currency)
        if debits != credits or not self.lines:
            raise Unbalanced(
                f"Journal {self.reference} does not balance: {debits} debit, {credits} credit",
                remedy="This is an error of Handoff: report it with the evidence. Nothing was posted.",
                evidence={"debits": debits, "credits": credits},
            )
        return self


class PeriodState(StrEnum):
    """Whether an accounting period takes postings."""

    OPEN = "open"
    CLOSED = "closed"


class AccountingPeriod(Part):
    """A period of an entity's books in the ERP; one whose receivables are locked may still take journals."""

    entity: str
    period: Period
    state: PeriodState
    receivables_locked: bool = False
    target_id: str = ""
    name: str = ""


class JournalRecord(Part):
    """A journal as the ERP holds it, with the document that made it (empty for one that was posted by hand or by us)."""

    target_id: str
    number: str = ""
    reference: str = ""
    entity: str
    posted_on: date
    document: str = ""
    lines: tuple[JournalLine, ...]
