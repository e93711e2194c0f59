"""What people ask at the month end: measure progress, recognize or reverse revenue, close a month, see where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
)

from activities.revenue import require_over
from canonical.closing import ClosingJournal, Readiness
from canonical.errors import Malformed, NotFound
from canonical.obligation import EarnedRow, ProgressMeasure, RevenueRun
from canonical.period import Period
from canonical.provenance import Origin
from canonical.rules.readiness import month
from ledger.books import Books
from operations.engine import Engine, Handle, result_of, within
from operations.permission import needs
from policies.access import Permission
from policies.firm import Policies
from workflows import options
from workflows.close_period import ClosePeriod, ClosePeriodWorkflow
from workflows.judge_close import JudgeClose, JudgeCloseWorkflow
from workflows.recognize_revenue import RecognizeRevenue, RecognizeRevenueWorkflow, RevenueRecognized
from workflows.search_attributes import CORRELATION, ENTITY


class CloseRun(BaseModel):
    """A close as it stands; ``is_done`` is false while people must decide."""

    workflow_id: str
    readiness: Readiness
    is_done: bool


class RevenueOf(BaseModel):
    """What was recognized: the runs with their journals, and billed against earned."""

    entity: str = ""
    runs: list[RevenueRun] = []
    journals: list[ClosingJournal] = []
    earned: list[EarnedRow] = []


@dataclass(frozen=True)
class ClosingDesk:
    """The month end, for any surface."""

    engine: Engine
    books: Books
    policies: Policies

    @needs(Permission.CLOSE)
    async def close(self, entity: str, period: str, *, actor: str) -> CloseRun:
        """Recognize, propose accruals and judge; what waits for people is in the queue. Running already, it is that close."""
        named = await self._month(entity, period, must_be_over="closed")
        workflow_id = f"close_period/{entity}/{named.start:%Y-%m}"
        request = ClosePeriod(entity=entity, start=named.start, actor=actor)
        handle = await self._started(ClosePeriodWorkflow.run, request, workflow_id, entity, f"Close {entity} for {period}")
        done = await within(handle)
        return CloseRun(workflow_id=workflow_id, readiness=await self.readiness(entity, period), is_done=done is not None)

    async def readiness(self, entity: str, period: str) -> Readiness:
        """Where a month stands, now; the worker reads, nothing is touched."""
        named = await self._month(entity, period)
        request = JudgeClose(entity=entity, start=named.start)
        handle = await self._started(JudgeCloseWorkflow.run, request, f"judge_close/{entity}/{period}", entity, "readiness")
        found: Readiness = await result_of(handle)
        return found

    @needs(Permission.CLOSE)
    async def recognize(self, entity: str, period: str, *, actor: str) -> RevenueRecognized:
        """Recognize what a month earned. Asked again, only what has changed is posted."""
        return await self._recognized(RecognizeRevenue, entity, period, actor)

    @needs(Permission.CLOSE)
    async def reverse(self, entity: str, period: str, *, reason: str, actor: str) -> RevenueRecognized:
        """Take back what was recognized of a month, in an open period; a later run recognizes it anew."""
        if not reason.strip():
            raise Malformed("To reverse revenue you must give a reason", remedy="Say why; auditors will read it.")
        return await self._recognized(RecognizeRevenue, entity, period, actor, reverse=True, reason=reason)

    @needs(Permission.CLOSE)
    async def measure(self, measure: ProgressMeasure, *, actor: str) -> bool:
        """Keep an estimate of progress; false where it is known already."""
        if measure.progress.done < 0 or measure.progress.expected <= 0:
            raise Malformed(
                f"Progress of {measure.progress.done} of {measure.progress.expected} measures nothing",
                remedy="Give what is done (0 or more) and what is expected in all (above 0), in the same unit.",
            )
        plan = await self.books.plans.lines_of(measure.contract)
        if measure.line not in plan:
            known = ", ".join(plan) or "none that is active"
            raise NotFound(f"{measure.contract} has no line {measure.line}", remedy=f"Name one of its lines: {known}.")
        origin = Origin(correlation=measure.contract, engagement=measure.contract, actor=actor, step="measure_progress")
        return await self.books.billing.revenue.measure(measure, origin=origin)

    async def revenue(self, *, entity: str = "", period: str = "", contract: str = "") -> RevenueOf:
        """The runs of an entity (of a month), and billed against earned by obligation (R94)."""
        ledger = self.books.billing
        start = (await self._month(entity, period)).start if period else None
        runs = await ledger.revenue.runs(entity, start) if entity else []
        journals = await ledger.closing_journals.of(entity, start, purpose="revenue") if start else []
        earned = await ledger.revenue.earned(entity=entity, contract=contract)
        return RevenueOf(entity=entity, runs=list(runs), journals=list(journals), earned=list(earned))

    async def journals(self, entity: str, period: str) -> Sequence[ClosingJournal]:
        """The journals of a month end."""
        return await self.books.billing.closing_journals.of(entity, (await self._month(entity, period)).start)

    async def _recognized(self, kind: Any, entity: str, period: str, actor: str, **more: Any) -> RevenueRecognized:
        named = await self._month(entity, period, must_be_over="recognized")
        workflow_id = f"recognize_revenue/{entity}/{named.start:%Y-%m}"
        request = kind(entity=entity, start=named.start, actor=actor, **more)
        handle = await self._started(
            RecognizeRevenueWorkflow.run, request, workflow_id, entity, f"Revenue of {entity} for {period}"
        )
        return await within(handle) or RevenueRecognized(waits_for_people=True)

    async def _month(self, entity: str, period: str, *, must_be_over: str = "") -> Period:
        """The month that is meant, of an entity that exists; else it is said which field is wrong."""
        now = await self.books.clock.now()
        self.policies.entities.on(now.date()).entity(entity)
        found = month(period)
        if found is None:
            raise Malformed(f"{period[:40]!r} is no month", remedy="Write the period as year and month: 2026-04.")
        if must_be_over:
            require_over(found, now, must_be_over)
        return found

    async def _started(self, run: Any, request: Any, workflow_id: str, entity: str, summary: str) -> Handle:
        pairs = [SearchAttributePair(ENTITY, entity), SearchAttributePair(CORRELATION, workflow_id.partition("/")[2])]
        attributes = TypedSearchAttributes(pairs)
        return await self.engine.started(
            run, request, workflow_id, attributes=attributes, summary=summary, lane=options.fair(entity)
        )
