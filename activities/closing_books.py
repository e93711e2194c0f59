"""The ledger of revenue and month ends, and the firm's closing policy, as activities see them; satisfied by shape."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from activities.billing_books import BillingBooks, BillingPolicy
from canonical.billable import BillableKind
from canonical.closing import (
    AccruedAccount,
    CloseState,
    ClosingJournal,
    InFlight,
    OpenCases,
    PendingWork,
    PriorPeriod,
    WaitingMoney,
)
from canonical.journal import Journal
from canonical.late_work import LateItem
from canonical.obligation import LineStanding, Recognition, RevenueRun, Sums
from canonical.period import Period
from canonical.provenance import Origin
from canonical.rules.close import Accruable
from canonical.written import Written


class ClosingPolicy(BillingPolicy, Protocol):
    """The firm's own rules, as far as the month end needs them."""

    def entity_codes(self, on: date) -> Sequence[str]: ...
    def closing_day(self, entity: str, period: Period) -> date:
        """From which day on a month is closed, in the entity's business days."""
        ...


class Revenue(Protocol):
    """What periods earned."""

    async def prepare(
        self,
        entity: str,
        period: Period,
        on: date,
        earn: Callable[[LineStanding], Iterable[Recognition]],
        draw_up: Callable[[str, Sequence[Sums]], Sequence[Journal]],
        *,
        origin: Origin,
    ) -> RevenueRun | None:
        """What is to be recognized now, kept under a run with its journals; the same run again until it is posted."""
        ...

    async def due(self, entity: str, period: Period, earn: Callable[[LineStanding], Iterable[Recognition]]) -> int: ...
    async def settle(self, run: str, state: str, *, origin: Origin) -> None: ...
    async def runs(self, entity: str, start: date | None = None) -> Sequence[RevenueRun]: ...


class Closing(Protocol):
    """The month end as the ledger sees it."""

    async def waiting(self, entity: str, end: date) -> Sequence[WaitingMoney]: ...
    async def accruable(self, entity: str, end: date, accounts: Mapping[BillableKind, str]) -> Sequence[Accruable]: ...
    async def in_flight(self, entity: str) -> Sequence[InFlight]: ...
    async def cases(self, entity: str) -> Sequence[OpenCases]: ...
    async def prior(self, entity: str, period: Period) -> Sequence[PriorPeriod]: ...
    async def pending(self, entity: str, end: date) -> Sequence[PendingWork]: ...
    async def start(self, entity: str, start: date, workflow_id: str) -> None: ...
    async def finish(self, entity: str, start: date) -> None: ...
    async def state(self, entity: str, start: date) -> CloseState | None: ...
    async def begun(self, since: date) -> set[tuple[str, date]]: ...


class ClosingJournals(Protocol):
    """What the month end posts."""

    async def propose(self, period: Period, journal: Journal, items: int, *, origin: Origin) -> str: ...
    async def read(self, reference: str) -> tuple[Journal, ClosingJournal]: ...
    async def of(self, entity: str, start: date, *, purpose: str = "", run: str = "") -> Sequence[ClosingJournal]: ...
    async def move(self, reference: str, state: str, *, by: str = "", origin: Origin) -> bool: ...
    async def posted(self, reference: str, written: Written, *, system: str, origin: Origin) -> None: ...
    async def accrued(self, entity: str, start: date, asset: str) -> Sequence[AccruedAccount]: ...


class LateItems(Protocol):
    """What waits for a period."""

    async def hold(self, entity: str, contract: str, periods: Sequence[Period], *, origin: Origin) -> Sequence[LateItem]: ...
    async def release(self, entity: str, contract: str, periods: Sequence[Period] | None, *, origin: Origin) -> Sequence[str]: ...
    async def entities(self) -> Sequence[str]: ...


class ClosingBooks(BillingBooks, Protocol):
    """All of it, over one pool."""

    @property
    def revenue(self) -> Revenue: ...
    @property
    def closing(self) -> Closing: ...
    @property
    def closing_journals(self) -> ClosingJournals: ...
    @property
    def late_work(self) -> LateItems: ...
