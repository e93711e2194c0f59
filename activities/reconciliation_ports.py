"""What reconciliation needs from outside: systems that list what they hold, the ledger's runs, and its policy."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol, runtime_checkable

from activities.billing_books import BillingBooks, BillingPolicy, Charges, Documents
from activities.ports import Connected
from canonical.invoice import DocumentRecord
from canonical.period import Period
from canonical.provenance import Origin
from canonical.reconciliation import (
    Comparison,
    Discrepancy,
    DiscrepancyState,
    Listed,
    ReconciliationRun,
    RunTotals,
    Sought,
    Thing,
)
from canonical.rules.reconciling import ReconciliationTerms
from canonical.written import RoundingLevel

LookAgain = Callable[[Sequence[Sought]], AsyncIterable[Sequence[Listed]]]
"""Reads exactly these once more."""


@runtime_checkable
class Listing(Connected, Protocol):
    """A system that tells what it holds; ``listings`` are the things it can tell. What it does not list is not compared, and the
    run says so."""

    listings: frozenset[Thing]

    def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """All of them, whatever their state, a page at a time: of the entity where the system knows entities, on these days where
        the thing has a day. May tell one twice, leaves none out."""
        ...


@runtime_checkable
class LaggingListing(Listing, Protocol):
    """A system whose lists may be behind what it holds by as much as ``lists_lag``: what they leave out is looked for by name."""

    lists_lag: timedelta

    def listed_again(self, thing: Thing, sought: Sequence[Sought], *, entity: str) -> AsyncIterator[Sequence[Listed]]:
        """These records and no others, read in bulk; what is not there is left out."""
        ...


class ReconciliationPolicy(BillingPolicy, Protocol):
    """The firm's rules, as far as reconciliation needs them."""

    def reconciliation(self, entity: str, on: date) -> ReconciliationTerms: ...


class HealingDocuments(Documents, Protocol):
    """The firm's documents, as healing needs them."""

    async def posted_again(self, reference: str, record: DocumentRecord, *, system: str, origin: Origin) -> None:
        """What the ERP lost has a new record there; its state and number are those of the new one."""
        ...


class HealingCharges(Charges, Protocol):
    """Charges, as healing needs them."""

    async def renamed(self, ids: Mapping[str, str]) -> None: ...


class HealingBooks(BillingBooks, Protocol):
    """The billing ledger, as healing needs it."""

    @property
    def charges(self) -> HealingCharges: ...
    @property
    def documents(self) -> HealingDocuments: ...


class Findings(Protocol):
    """What runs found."""

    async def of_run(
        self, run: int, *, state: DiscrepancyState = DiscrepancyState.OPEN, most: int = 10_000
    ) -> list[Discrepancy]: ...
    async def healed(self, run: int, findings: Sequence[int], did: str) -> None: ...
    async def totals(self, run: int) -> list[RunTotals]: ...
    async def not_compared(self, run: int, comparison: str, systems: tuple[str, str], why: str) -> None: ...
    async def take_positions(self, run: int, entity: str, revenue_accounts: Sequence[str]) -> None: ...


class Runs(Protocol):
    """The ledger of reconciliation."""

    @property
    def findings(self) -> Findings: ...

    async def begin(
        self, key: str, *, entity: str, since: date, through: date, as_of: datetime, is_report_only: bool, workflow: str
    ) -> ReconciliationRun: ...
    async def compare(
        self,
        run: ReconciliationRun,
        comparison: Comparison,
        pages: AsyncIterable[Sequence[Listed]],
        *,
        again: LookAgain | None,
        lag: timedelta,
        home: str,
        rounding: RoundingLevel,
    ) -> None: ...
    async def finish(self, run: int) -> None: ...
