"""Closing a month of an entity: what still waits with its money, what was recognized and accrued, and what stands in the way."""

from datetime import date, datetime
from decimal import Decimal

from canonical.journal import AccountingPeriod
from canonical.money import Currency, Money
from canonical.period import Period
from canonical.schema import Canonical, Part, published


class WaitingMoney(Part):
    """Approved work through the period's end that is not accounted: open, held (with its code), frozen, on a document."""

    state: str
    code: str = ""
    amount: Money
    items: int
    oldest: date | None = None


class PendingWork(Part):
    """Recorded and not approved: a key figure only, never money that is earned (S15)."""

    state: str
    hours: Decimal
    money: Money | None = None
    entries: int


class InFlight(Part):
    """Writes whose outcome is not known yet; ``is_live``: it is being written at this moment."""

    system: str
    kind: str
    state: str
    count: int
    is_live: bool = False


class OpenCases(Part):
    """Exceptions of the entity that wait for people."""

    code: str
    count: int
    money: Money | None = None


class PriorPeriod(Part):
    """What was accounted in the period for service in a closed one (S27)."""

    amount: Money
    items: int
    documents: int


class AccruedAccount(Part):
    """Accrued so far, by currency and account."""

    currency: Currency
    account: str
    amount: Decimal


class ClosingJournal(Part):
    """A journal of the month end: what it is for, where it stands, and its number in the ERP."""

    reference: str
    purpose: str
    state: str
    currency: Currency
    amount: Money
    accounting_date: date
    reverses_on: date | None = None
    items: int = 0
    run: str = ""
    system: str = ""
    target_id: str = ""
    number: str = ""
    decided_by: str = ""


class CloseState(Part):
    """How far the close of a period is, by our own process."""

    state: str
    workflow_id: str = ""
    started_at: datetime
    finished_at: datetime | None = None


@published
class Readiness(Canonical):
    """Everything that a controller looks at before closing; ``hindrances`` say in words what is not ready."""

    entity: str
    period: Period
    as_of: datetime
    books: AccountingPeriod | None = None
    waiting: tuple[WaitingMoney, ...] = ()
    pending: tuple[PendingWork, ...] = ()
    in_flight: tuple[InFlight, ...] = ()
    cases: tuple[OpenCases, ...] = ()
    prior: tuple[PriorPeriod, ...] = ()
    to_recognize: int = 0
    recognized_at: datetime | None = None
    to_accrue: tuple[AccruedAccount, ...] = ()
    journals: tuple[ClosingJournal, ...] = ()
    close: CloseState | None = None
    hindrances: tuple[str, ...] = ()

    @property
    def is_under_way(self) -> bool:
        """Whether something is being written at this moment, which comes to its end by itself."""
        return any(one.is_live for one in self.in_flight)

    @property
    def is_ready(self) -> bool:
        """Whether nothing stands in the way; what waits and is accrued does not."""
        return not self.hindrances
