"""What people ask of handoffs: start, plan, tell, withdraw one; the board of engagements, and the story of each."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from temporalio.client import RPCTimeoutOrCancelledError, WorkflowUpdateFailedError
from temporalio.service import RPCError

from activities.plan import ActivationPlan, PlanActivation
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.errors import MoveRefused, NotFound, NotReady
from canonical.event import FactKind, InboundEvent
from canonical.provenance import Entry, Origin
from ledger.books import Books
from operations.answers import delivered, happened, nothing_runs
from operations.asked import Cancelled, Started, Story
from operations.engine import Engine
from policies.firm import Policies
from workflows.plan_project import PlanProjectWorkflow
from workflows.provision_project import CancelHandoff, ProvisionProjectWorkflow

OURS = "handoff"
_PATIENCE = timedelta(seconds=15)


@dataclass(frozen=True)
class HandoffDesk:
    """Handoffs and engagements, for any surface."""

    engine: Engine
    books: Books
    policies: Policies

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
        received = await self.books.inbox.receive([event])
        await self._note("start", contract, actor)
        number = received.new[0] if received.new else None
        return Started(contract=contract, inbox_number=number, is_new=bool(received.new), workflow_id=f"engagement/{contract}")

    async def plan(self, contract: str) -> ActivationPlan:
        """The dry run; the worker reads, nothing is touched."""
        planned: ActivationPlan = await self.engine.answered(
            PlanProjectWorkflow.run, PlanActivation(contract=contract), f"plan_project/{contract}"
        )
        return planned

    async def signal(self, contract: str, *, actor: str) -> None:
        """Records were corrected: what waits of this contract looks again."""
        handle = self.engine.client.get_workflow_handle(await self._running(contract))
        try:
            await handle.signal(ProvisionProjectWorkflow.records_changed)
        except RPCError as error:
            raise nothing_runs(contract, error) from error
        await self._note("signal", contract, actor)

    async def cancel(self, contract: str, *, actor: str, reason: str) -> Cancelled:
        """Withdraw the handoff that runs; refused once it is over."""
        workflow_id = await self._running(contract)
        handle = self.engine.client.get_workflow_handle(workflow_id)
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

    async def _running(self, contract: str) -> str:
        row = await self.engagement(contract)
        return f"provision_project/{contract}/{row.version or 1}"

    async def _contract_of(self, reference: str) -> str:
        if await self.books.engagements.read(reference) is not None:
            return reference
        return await self.books.engagements.holding(reference) or reference

    async def _note(self, action: str, contract: str, actor: str, **details: str) -> None:
        origin = Origin(correlation=contract, engagement=contract, actor=actor, step=action)
        await self.books.audit.note([Entry(action=action, origin=origin, source_id=contract, outcome="asked", details=details)])
