"""The office: policies, ledger and engine opened together for one process, and what people and clients may ask of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.service import RPCError

from activities.plan import ActivationPlan, PlanActivation
from activities.sweep import Swept
from canonical.connection import Connection
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.errors import Misconfigured, MoveRefused, NotFound, NotReady
from canonical.event import FactKind, InboundEvent
from canonical.exception import Case, CaseState, Decision
from canonical.provenance import Entry, Origin
from ledger.books import Books
from ledger.exceptions import CaseFilter
from ledger.trail import verify
from operations.answers import delivered, happened, nothing_runs, said_by
from operations.asked import Cancelled, Counts, Settled, Started, Story
from operations.billing import BillingDesk
from operations.cash import CashDesk
from operations.closing import ClosingDesk
from operations.credit_desk import CreditDesk
from operations.receivables import ReceivablesDesk
from operations.reconciliation import ReconciliationDesk
from operations.schedules import Scheduled, Schedules, planned
from operations.settlement import Settlements, require_a_say
from policies.access import WITHHELD, Permission
from policies.firm import Policies
from policies.loading import load
from runtime.client import connect
from runtime.codec import KeyRing
from runtime.plugin import handoff_plugin
from runtime.settings import Settings
from runtime.telemetry import temporal_runtime, traced
from workflows import options
from workflows.check_systems import CheckSystemsWorkflow
from workflows.plan_project import PlanProjectWorkflow
from workflows.provision_project import CancelHandoff, ProvisionProjectWorkflow
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
    def client(self) -> Client:
        """The engine; an office that was opened without one says so."""
        if self.connection is None:
            raise Misconfigured("This needs Temporal", remedy="Start it with `handoff up`, or set HANDOFF_TEMPORAL__ADDRESS.")
        return self.connection

    async def ping(self) -> None:
        """Whether the database answers."""
        await self.books.clock.now()

    async def may(self, subject: str, permission: Permission) -> bool:
        """Whether policies/access lets this person or program do that."""
        access = self.policies.access.on((await self.books.clock.now()).date())
        return access.may(access.roles_of(subject), permission)

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

    # Handoffs.

    async def start(self, contract: str, *, actor: str, request_key: str = "") -> Started:
        """Ask for a contract to be looked at and, if it is executed, handed over; the same request key asks once."""
        event = InboundEvent(
            source=OURS,
            event_id=f"start/{contract}/{actor}/{request_key or uuid4().hex}",
            kind=FactKind.CONTRACT_EXECUTED,
            object_kind="contract",
            object_id=contract,
            contract=contract,
        )
        received = await self.receive([event])
        await self._note("start", contract, actor)
        number = received.new[0] if received.new else None
        return Started(contract=contract, inbox_number=number, is_new=bool(received.new), workflow_id=f"engagement/{contract}")

    async def plan(self, contract: str) -> ActivationPlan:
        """The dry run; the worker reads, nothing is touched."""
        planned: ActivationPlan = await self._answered(
            PlanProjectWorkflow.run, PlanActivation(contract=contract), f"plan_project/{contract}"
        )
        return planned

    async def signal(self, contract: str, *, actor: str) -> None:
        """Records were corrected: what waits of this contract looks again."""
        handle = self.client.get_workflow_handle(await self._running(contract))
        try:
            await handle.signal(ProvisionProjectWorkflow.records_changed)
        except RPCError as error:
            raise nothing_runs(contract, error) from error
        await self._note("signal", contract, actor)

    async def cancel(self, contract: str, *, actor: str, reason: str) -> Cancelled:
        """Withdraw the handoff that runs; refused once it is over."""
        workflow_id = await self._running(contract)
        handle = self.client.get_workflow_handle(workflow_id)
        try:
            await handle.execute_update(
                ProvisionProjectWorkflow.cancel, CancelHandoff(actor=actor, reason=reason), rpc_timeout=_PATIENCE
            )
        except RPCTimeoutOrCancelledError as late:
            raise NotReady(
                f"The handoff of {contract} has not taken the withdrawal yet",
                remedy="See whether a worker runs (`handoff doctor`), then ask again.",
            ) from late
        except RPCError as error:
            raise nothing_runs(contract, error) from error
        except WorkflowUpdateFailedError as refused:
            raise MoveRefused(str(refused.cause), remedy=f"See `handoff show {contract}`.") from refused
        await self._note("cancel", contract, actor, reason=reason)
        return Cancelled(contract=contract, workflow_id=workflow_id)

    # Engagements.

    async def engagements(
        self, *, status: EngagementStatus | str | None = None, entity: str | None = None, limit: int = 100
    ) -> list[EngagementRow]:
        """The board, the last changed first."""
        return list(await self.books.engagements.board(status=str(status or ""), entity=entity or "", limit=limit))

    async def engagement(self, reference: str) -> EngagementRow:
        """One engagement."""
        row = await self.books.engagements.read(reference)
        if row is None:
            raise NotFound(
                f"There is no engagement {reference}", remedy="See `handoff list`; a contract is named by its reference."
            )
        return row

    async def trace(self, reference: str) -> Story:
        """The whole story of a contract, or of whatever bears this id in some system, from our own store (S34)."""
        contract = await self._contract_of(reference)
        row, noted = await self.engagement(contract), await self.books.audit.story(contract)
        deliveries = await self.books.inbox.story(contract)
        return Story(
            contract=contract,
            title=row.title or "",
            status=row.status.value if row.status else "",
            customer=row.customer or "",
            entity=row.entity or "",
            value=str(row.value) if row.value else "",
            correlation=row.correlation or contract,
            targets=row.targets or {},
            deliveries=[delivered(row, outcome) for row, outcome in deliveries],
            happened=[happened(one) for one in noted],
        )

    # Exceptions.

    async def cases(
        self,
        *,
        owner: str | None = None,
        code: str | None = None,
        engagement: str | None = None,
        state: CaseState | None = None,
        limit: int = 100,
    ) -> list[Case]:
        """What waits for people, ranked by money, due time and age."""
        wanted = CaseFilter(owner_role=owner, code=code, engagement=engagement, state=state.value if state else None, limit=limit)
        return list(await self.books.cases.list(wanted))

    async def case(self, number: int) -> Case:
        """One exception."""
        return await self.books.cases.read(number)

    async def settle(self, number: int, decision: Decision, *, actor: str, reason: str, adopt: str = "") -> Settled:
        """Decide; above the policy's threshold a second person must approve."""
        return await self._settlements.settle(number, decision, actor=actor, reason=reason, adopt=adopt)

    async def approve(self, number: int, *, actor: str) -> Settled:
        """The second pair of eyes."""
        return await self._settlements.approve(number, actor=actor)

    async def decline(self, number: int, *, actor: str, reason: str) -> Settled:
        """The second pair of eyes says no, or the proposer takes it back."""
        return await self._settlements.decline(number, actor=actor, reason=reason)

    async def assign(self, number: int, to: str, *, actor: str) -> Case:
        """Give an exception to somebody."""
        await self._require_a_say(number, actor)
        return await self.books.cases.assign(number, actor=actor, assignee=to)

    async def snooze(self, number: int, until: datetime, *, actor: str) -> Case:
        """Let an exception rest."""
        await self._require_a_say(number, actor)
        return await self.books.cases.snooze(number, actor=actor, until=until, reason="put off")

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
        swept: Swept = await self._answered(SweepWorkflow.run, None, "sweep/by-hand")
        return swept

    async def move_clock(self, *, by: timedelta | None = None, to: datetime | None = None) -> datetime:
        """Move business time, where this database allows it (rehearsals, tests)."""
        if to is not None:
            return await self.books.clock.move_to(to)
        return await self.books.clock.advance(by or timedelta())

    async def check_connectors(self) -> list[Connection]:
        """Per capability of the landscape: works, fails with the remedy, or is served by nobody."""
        return list(await self._answered(CheckSystemsWorkflow.run, None, "check_systems"))

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

    # Reconciliation.

    @property
    def reconciliation(self) -> ReconciliationDesk:
        """What people ask of reconciliation."""
        return ReconciliationDesk(lambda: self.client, self.books, self.policies)

    # Billing.

    @property
    def billing(self) -> BillingDesk:
        """What people ask of billing."""
        return BillingDesk(self.connection, self.books, self.policies)

    @property
    def credits(self) -> CreditDesk:
        """What people ask of credits."""
        return CreditDesk(self.client, self.books, self.policies, self._settlements)

    @property
    def closing(self) -> ClosingDesk:
        """What people ask at the month end."""
        return ClosingDesk(self.client, self.books, self.policies)

    @property
    def receivables(self) -> ReceivablesDesk:
        """What people ask of receivables."""
        return ReceivablesDesk(self.client, self.books, self.policies, self.credits)

    @property
    def cash(self) -> CashDesk:
        """What people ask of customers' money."""
        return CashDesk(self.client, self.books, self.policies)

    # Small things.

    @property
    def _settlements(self) -> Settlements:
        return Settlements(self.client, self.books.cases, self.policies, self.books.clock)

    async def _require_a_say(self, number: int, actor: str) -> None:
        require_a_say(self.policies, await self.case(number), actor, (await self.books.clock.now()).date())

    async def _running(self, contract: str) -> str:
        row = await self.engagement(contract)
        return f"provision_project/{contract}/{row.version or 1}"

    async def _ever(self, code: str, rows: Sequence[EngagementRow]) -> Sequence[Case]:
        """Exceptions of a code, settled ones too, where these engagements have notes."""
        if not any(row.note for row in rows):
            return []
        return await self.books.cases.list(CaseFilter(code=code, with_settled=True, with_snoozed=True, limit=10_000))

    async def _contract_of(self, reference: str) -> str:
        if await self.books.engagements.read(reference) is not None:
            return reference
        return await self.books.engagements.holding(reference) or reference

    async def _note(self, action: str, contract: str, actor: str, **details: str) -> None:
        origin = Origin(correlation=contract, engagement=contract, actor=actor, step=action)
        await self.books.audit.note([Entry(action=action, origin=origin, source_id=contract, outcome="asked", details=details)])

    async def _answered(self, run: Any, request: Any, workflow_id: str) -> Any:
        """Run a short workflow and give its result, or its failure in its own words."""
        arguments = [] if request is None else [request]
        try:
            return await self.client.execute_workflow(
                run,
                args=arguments,
                id=f"{workflow_id}/{uuid4().hex[:8]}",
                task_queue=options.WORKFLOWS,
                priority=options.URGENT,
                run_timeout=timedelta(minutes=3),
            )
        except WorkflowFailureError as error:
            raise said_by(error) from error


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
