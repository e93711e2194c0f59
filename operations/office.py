"""The office: policies, ledger and engine opened together for one process, and what people and clients may ask of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client

from activities.sweep import Swept
from canonical.connection import Connection
from canonical.engagement import EngagementRow
from canonical.errors import Misconfigured
from canonical.event import InboundEvent
from canonical.exception import Case
from ledger.books import Books
from ledger.exceptions import CaseFilter
from ledger.trail import verify
from operations.asked import Counts
from operations.billing import BillingDesk
from operations.cash import CashDesk
from operations.closing import ClosingDesk
from operations.credit_desk import CreditDesk
from operations.engine import Engine
from operations.handoffs import HandoffDesk
from operations.metering import MeteringDesk
from operations.permission import require
from operations.receivables import ReceivablesDesk
from operations.reconciliation import ReconciliationDesk
from operations.schedules import Scheduled, Schedules, planned
from operations.settlement import Settlements
from policies.access import WITHHELD, Permission
from policies.firm import Policies
from policies.loading import load
from runtime.client import connect
from runtime.codec import KeyRing
from runtime.plugin import handoff_plugin
from runtime.settings import Settings
from runtime.telemetry import temporal_runtime, traced
from workflows.check_systems import CheckSystemsWorkflow
from workflows.sweep import SweepWorkflow

OURS = "handoff"
_PATIENCE = timedelta(seconds=15)


@dataclass(frozen=True)
class Office:
    """Open it with ``open_office``."""

    policies: Policies
    books: Books
    connection: Client | None = None

    @property
    def engine(self) -> Engine:
        """What starts workflows and asks them."""
        return Engine(self.connection)

    @property
    def client(self) -> Client:
        """Temporal; an office that was opened without it says so."""
        return self.engine.client

    async def ping(self) -> None:
        """Whether the database answers."""
        await self.books.clock.now()

    async def require(self, subject: str, permission: Permission) -> None:
        """Refuse a person or program whom policies/access does not let do that."""
        await require(self, subject, permission)

    async def redacted(self, subject: str, content: Any) -> Any:
        """The content as plain data, without the fields that the subject's roles may not see (R151)."""
        access = self.policies.access.on((await self.books.clock.now()).date())
        return access.redacted(access.roles_of(subject), content)

    async def redacted_board(self, subject: str, rows: Sequence[EngagementRow]) -> list[EngagementRow]:
        """The board without the notes that repeat what exceptions of a protected code say."""
        access = self.policies.access.on((await self.books.clock.now()).date())
        codes = {code for group in access.hidden_from(access.roles_of(subject)) for code in group.codes}
        touched = {case.engagement for code in codes for case in await self._ever(code, rows)}
        return [row.changed(note=WITHHELD) if row.note and row.reference in touched else row for row in rows]

    # What comes in.

    async def receive(self, events: Sequence[InboundEvent]) -> Any:
        """Keep deliveries; the dispatcher is woken by the database."""
        return await self.books.inbox.receive(events)

    async def kept(self, source: str, event_id: str) -> InboundEvent | None:
        """A delivery as it was kept when it came first."""
        return await self.books.inbox.kept(source, event_id)

    async def refused(self, system: str) -> None:
        """Count a delivery whose signature was refused; nothing else of it is kept."""
        await self.books.inbox.count_refused(system)

    async def counts(self) -> Counts:
        """What came in and what it came to."""
        counted = await self.books.inbox.counts()
        rows = {outcome: sum(c.rows for c in counted if c.outcome == outcome) for outcome in ("taken", "parked", "conflicting")}
        return Counts(
            deliveries=sum(c.deliveries for c in counted),
            duplicates=sum(c.duplicates for c in counted),
            refused_signatures=await self.books.inbox.refused(),
            **rows,
        )

    # The trail, the clock, the schedules.

    async def verify_audit(self) -> list[str]:
        """Every place where the trail is not what was written; none is good."""
        return [f"{problem.stream} {problem.seq}: {problem.what}" async for problem in verify(self.books.database)]

    async def export_audit(self, engagement: str | None) -> AsyncIterator[dict[str, Any]]:
        """The trail, row by row, in order: of one engagement, or of all."""
        if engagement is not None:
            for noted in await self.books.audit.story(engagement):
                yield noted.model_dump(mode="json")
            return
        since, page = datetime.fromisoformat("2000-01-01T00:00:00+00:00"), 0
        until = await self.books.clock.now() + timedelta(days=1)
        while rows := await self.books.audit.between(since, until, limit=1000, offset=page * 1000):
            for noted in rows:
                yield noted.model_dump(mode="json")
            page += 1

    async def sweep(self) -> Swept:
        """The watchman's round, now."""
        swept: Swept = await self.engine.answered(SweepWorkflow.run, None, "sweep/by-hand")
        return swept

    async def move_clock(self, *, by: timedelta | None = None, to: datetime | None = None) -> datetime:
        """Move business time, where this database allows it (rehearsals, tests)."""
        if to is not None:
            return await self.books.clock.move_to(to)
        return await self.books.clock.advance(by or timedelta())

    async def check_connectors(self) -> list[Connection]:
        """Per capability of the landscape: works, fails with the remedy, or is served by nobody."""
        return list(await self.engine.answered(CheckSystemsWorkflow.run, None, "check_systems"))

    async def schedules(self) -> list[Scheduled]:
        """What runs by the clock, beside what should."""
        return await (await self._schedules()).listed()

    async def apply_schedules(self) -> list[Scheduled]:
        """Reconcile the server to workflows/schedules."""
        return await (await self._schedules()).apply()

    async def trigger_schedule(self, schedule_id: str) -> None:
        """Run one now."""
        await (await self._schedules()).trigger(schedule_id)

    async def _schedules(self) -> Schedules:
        return Schedules(self.client, planned(self.policies, (await self.books.clock.now()).date()))

    # What people ask, by subject.

    @property
    def handoffs(self) -> HandoffDesk:
        """Handoffs and engagements."""
        return HandoffDesk(self.engine, self.books, self.policies)

    @property
    def exceptions(self) -> Settlements:
        """What waits for people, and decisions on it."""
        return Settlements(self.engine, self.books.cases, self.policies, self.books.clock)

    @property
    def billing(self) -> BillingDesk:
        """Runs, rates, limits and invoices."""
        return BillingDesk(self.engine, self.books, self.policies)

    @property
    def metering(self) -> MeteringDesk:
        """What meters say was used."""
        return MeteringDesk(self.books, self.policies)

    @property
    def credits(self) -> CreditDesk:
        """Credits of posted invoices."""
        return CreditDesk(self.engine, self.books, self.policies, self.exceptions)

    @property
    def closing(self) -> ClosingDesk:
        """Revenue and the month end."""
        return ClosingDesk(self.engine, self.books, self.policies)

    @property
    def receivables(self) -> ReceivablesDesk:
        """What customers owe and contest."""
        return ReceivablesDesk(self.engine, self.books, self.policies, self.credits)

    @property
    def cash(self) -> CashDesk:
        """Customers' money."""
        return CashDesk(self.engine, self.books, self.policies)

    @property
    def reconciliation(self) -> ReconciliationDesk:
        """Both sides of everything."""
        return ReconciliationDesk(self.engine, self.books, self.policies)

    async def _ever(self, code: str, rows: Sequence[EngagementRow]) -> Sequence[Case]:
        """Exceptions of a code, settled ones too, where these engagements have notes."""
        if not any(row.note for row in rows):
            return []
        return await self.books.cases.list(CaseFilter(code=code, with_settled=True, with_snoozed=True, limit=10_000))


@asynccontextmanager
async def open_office(settings: Settings, *, with_temporal: bool = True, runs_workflows: bool = False) -> AsyncIterator[Office]:
    """The office of one process. Policies are checked, the database is connected, then the engine."""
    policies = load(settings.policies)
    dsn = settings.database.dsn.get_secret_value()
    if not dsn:
        raise Misconfigured("No database is named", remedy="Start one with `handoff up`, or set HANDOFF_DATABASE__DSN.")
    async with Books.open(dsn, connections=settings.database.connections) as books:
        ring = KeyRing.read(settings.keyring) if settings.keyring else None
        client = None
        if with_temporal:
            plugins = [handoff_plugin(ring), *traced("handoff-worker" if runs_workflows else "handoff", settings.telemetry)]
            client = await connect(settings.temporal, plugins=plugins, runtime=temporal_runtime(settings.telemetry))
        yield Office(policies, books, client)
