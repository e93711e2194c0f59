"""A reconciliation of one legal entity: every comparison by itself, then what is gone is closed and what is safe heals (R134)."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities.reconciliation import (
        BeginRun,
        Begun,
        CompareSides,
        Finished,
        FinishRun,
        ReconciliationActivities,
    )
    from activities.reconciliation_healing import SOURCES_AT_ONCE, HealFindings, HealingActivities
    from activities.time_intake import TakeInItems, TimeActivities
    from canonical.provenance import Origin
    from canonical.reconciliation import Comparison, RunTotals
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import Subject
    from workflows.saga import together

SCHEDULED = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
Healer = Callable[[HealingActivities, HealFindings], Awaitable[int]]
_HEALERS: dict[str, Healer] = {
    "contracts": HealingActivities.heal_contracts,
    "charges": HealingActivities.heal_charges,
    "documents": HealingActivities.heal_documents,
    "payments": HealingActivities.heal_payments,
}


class Reconcile(BaseModel):
    """Reconcile an entity: the day of the run's scheduled time, or these days, as of then.

    ``is_report_only`` finds and heals nothing: an auditor's look.
    """

    entity: str
    since: date | None = None
    through: date | None = None
    as_of: datetime | None = None
    is_report_only: bool = False
    actor: str = "handoff"


class Reconciled(BaseModel):
    """What a run came to: its number leads to the findings, which stay in the ledger."""

    run: int
    entity: str
    since: date
    through: date
    as_of: datetime
    totals: list[RunTotals] = []
    found: dict[str, int] = {}
    closed: int = 0
    healed: list[str] = []


@workflow.defn(name="reconcile")
class ReconcileWorkflow(Insistent):
    """One run. No record passes through here: activities move both sides into the ledger, where they are compared."""

    @workflow.init
    def __init__(self, request: Reconcile) -> None:
        super().__init__(request.actor)
        self._request = request

    @workflow.run
    async def run(self, request: Reconcile) -> Reconciled:
        """Compare, conclude, heal."""
        begun = await self.insisted(self._begun, "begin_reconciliation")
        await together(*(self._compared(begun, comparison) for comparison in begun.comparisons))
        finished = await self.insisted(lambda: self._finished(begun), "finish_reconciliation")
        healed = [] if request.is_report_only else [name for name in finished.to_heal if await self._healed(begun, name)]
        workflow.set_current_details(_told(begun, finished, healed))
        await workflow.wait_condition(workflow.all_handlers_finished)
        run = begun.run
        return Reconciled(
            run=run.number,
            entity=run.entity,
            since=run.since,
            through=run.through,
            as_of=run.as_of,
            totals=finished.totals,
            found=finished.found,
            closed=finished.closed,
            healed=healed,
        )

    async def _begun(self) -> Begun:
        info, request = workflow.info(), self._request
        begin = BeginRun(
            origin=self.origin("begin_reconciliation"),
            key=f"{info.workflow_id}/{info.run_id}",
            as_of=request.as_of or info.typed_search_attributes.get(SCHEDULED),
            **request.model_dump(include={"entity", "since", "through", "is_report_only"}),
        )
        return await workflow.execute_activity_method(
            ReconciliationActivities.begin_reconciliation,
            begin,
            task_queue=options.LEDGER,
            summary=f"days and cut-off of {request.entity}",
            **options.BOOKS,
        )

    async def _compared(self, begun: Begun, comparison: Comparison) -> None:
        request = CompareSides(
            origin=self.origin(f"compare {comparison.name}"), run=begun.run, comparison=comparison, home=begun.home
        )
        await self.insisted(lambda: self._sides(request), f"compare_{comparison.name}")

    async def _sides(self, request: CompareSides) -> None:
        comparison = request.comparison
        await workflow.execute_activity_method(
            ReconciliationActivities.compare_sides,
            request,
            task_queue=options.account(comparison.outside),
            summary=f"{comparison.name}: {comparison.outside} and our ledger",
            **options.BULK,
        )

    async def _finished(self, begun: Begun) -> Finished:
        request = FinishRun(origin=self.origin("finish_reconciliation"), run=begun.run)
        return await workflow.execute_activity_method(
            ReconciliationActivities.finish_reconciliation,
            request,
            task_queue=options.LEDGER,
            summary=f"findings of {begun.run.entity} through {begun.run.through}",
            **options.READ,
        )

    async def _healed(self, begun: Begun, name: str) -> bool:
        """Run the handoff again; whether it helped is told by the next run."""
        comparison = next(one for one in begun.comparisons if one.name == name)
        request = HealFindings(origin=self.origin(f"heal {name}"), run=begun.run, comparison=comparison)
        if name == "entries":
            await self.insisted(lambda: self._taken_in(request), f"heal_{name}")
            return True
        healer = _HEALERS.get(name, HealingActivities.propose_missing)
        await self.insisted(lambda: self._carried(healer, request), f"heal_{name}")
        return name in _HEALERS

    async def _carried(self, healer: Healer, request: HealFindings) -> int:
        return await workflow.execute_activity_method(
            healer,
            request,
            task_queue=options.account(request.comparison.outside),
            summary=f"heal {request.comparison.name}",
            **options.VENDOR_WRITE,
        )

    async def _taken_in(self, request: HealFindings) -> None:
        system = request.comparison.outside
        to_heal = await workflow.execute_activity_method(
            HealingActivities.entries_to_take_in,
            request,
            task_queue=options.LEDGER,
            summary="what is to be taken in again",
            **options.READ,
        )
        for start in range(0, len(to_heal.source_ids), SOURCES_AT_ONCE):
            ids = to_heal.source_ids[start : start + SOURCES_AT_ONCE]
            await workflow.execute_activity_method(
                TimeActivities.take_in_again,
                TakeInItems(origin=request.origin, system=system, source_ids=ids),
                task_queue=options.account(system),
                summary=f"take {len(ids)} entries in again",
                **options.BULK,
            )

    def origin(self, step: str, actor: str = "") -> Origin:
        """A run belongs to an entity, not to an engagement."""
        info = workflow.info()
        return Origin(
            correlation=f"reconcile.{self._request.entity}",
            engagement="",
            actor=actor or self._actor,
            workflow=info.workflow_id,
            step=step,
        )

    def trouble(self) -> Subject:
        """A side that cannot be read leaves the entity unreconciled."""
        return Subject("reconciliation", self._request.entity)


def _told(begun: Begun, finished: Finished, healed: list[str]) -> str:
    run = begun.run
    rows = "\n".join(f"| {kind} | {count} |" for kind, count in sorted(finished.found.items()))
    drift = "; ".join(f"{one.currency or 'no money'}: net {one.net}, gross {one.gross}" for one in finished.totals) or "none"
    days = f"{run.since} through {run.through}, as of {run.as_of:%Y-%m-%d %H:%M %Z}"
    what = f"Drift: {drift}. Closed: {finished.closed}. Healed: {', '.join(healed) or 'nothing'}."
    return f"**Run {run.number}** of {run.entity}, {days}\n\n{what}\n\n| type | findings |\n|---|---|\n{rows}"
