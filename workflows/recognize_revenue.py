"""Revenue of a month of an entity: every obligation cumulatively, posted once; asked again, what has changed (R93, R94)."""

from datetime import date

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.revenue import PostedRuns, PrepareRevenue, RevenueActivities
    from workflows import options
    from workflows.recognizing import Recognizing
    from workflows.review import REJECTED


class RecognizeRevenue(BaseModel):
    """A month of an entity, by its first day; ``reverse`` takes back what was recognized of it, for the reason given."""

    entity: str
    start: date
    reverse: bool = False
    reason: str = ""
    actor: str = "handoff"


class RevenueRecognized(BaseModel):
    """What was posted, by our reference and the ERP's number; ``unmeasured`` lines wait for a measure of their progress."""

    runs: list[str] = []
    journals: dict[str, str] = {}
    obligations: int = 0
    unmeasured: int = 0
    is_rejected: bool = False
    waits_for_people: bool = False


@workflow.defn(name="recognize_revenue")
class RecognizeRevenueWorkflow(Recognizing):
    """Bulk never passes through here: the ledger computes and keeps it, journals are sums."""

    @workflow.init
    def __init__(self, request: RecognizeRevenue) -> None:
        super().__init__(request.entity, request.start, request.actor)
        self._request = request

    @workflow.run
    async def run(self, request: RecognizeRevenue) -> RevenueRecognized:
        """Recognize, or take back."""
        try:
            done = await (self._reverse_all() if request.reverse else self._recognize())
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            await self.leave("It was decided that it is not recognized.")
            done = RevenueRecognized(is_rejected=True)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return done

    async def _recognize(self) -> RevenueRecognized:
        prepared = await self.recognized()
        return RevenueRecognized(
            runs=[prepared.run] if prepared.run else [],
            journals=self._posted,
            obligations=prepared.obligations,
            unmeasured=prepared.unmeasured,
        )

    async def _reverse_all(self) -> RevenueRecognized:
        posted = await self.insisted(self._standing, "posted_runs")
        for run, journals in posted.runs.items():
            await self.take_back(run, journals, posted.system, self._request.reason, state="reversed")
        return RevenueRecognized(runs=list(posted.runs))

    async def _standing(self) -> PostedRuns:
        return await workflow.execute_activity_method(
            RevenueActivities.posted_runs,
            PrepareRevenue(origin=self.origin("posted_runs"), entity=self._entity, start=self._start),
            task_queue=options.LEDGER,
            summary=f"what was recognized of {self._entity}, {self._start:%Y-%m}",
            **options.READ,
        )
