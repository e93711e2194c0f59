"""Recognizing revenue as a process does it: prepared in the ledger, posted by journal, taken back whole where one is refused."""

from datetime import date

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.closing_journal import ClosingJournalActivities, JournalPosted, PostJournal
    from activities.revenue import Prepared, PrepareRevenue, RevenueActivities, SettleRun
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import REJECTED, Subject


class Recognizing(Insistent):
    """Base of processes of one entity and month."""

    def __init__(self, entity: str, start: date, actor: str) -> None:
        super().__init__(actor)
        self._entity, self._start = entity, start
        self._posted: dict[str, str] = {}
        self._policy_version = ""

    async def recognized(self) -> Prepared:
        """What is earned and not recognized yet is prepared and posted; rejected by a person, the run counts for nothing."""
        prepared = await self.insisted(self._prepared, "prepare_revenue")
        self._policy_version = prepared.policy_version
        if not prepared.run:
            return prepared
        try:
            for reference in prepared.journals:
                await self.post(reference, prepared.system)
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            await self.take_back(prepared.run, prepared.journals, prepared.system, error.message, state="withdrawn")
            raise
        await self._settle(prepared.run, "posted")
        return prepared

    async def take_back(self, run: str, journals: list[str], system: str, why: str, *, state: str) -> None:
        """Reverse what was posted of a run, withdraw what was not."""
        for reference in journals:
            await self._take_back(reference, system, why[:250])
        await self._settle(run, state)

    async def _take_back(self, reference: str, system: str, why: str) -> None:
        request = PostJournal(origin=self.origin(f"reverse {reference}"), reference=reference, system=system, reason=why)
        await self.insisted(lambda: self._reversed(request), f"reverse_{reference}")

    async def post(self, reference: str, system: str) -> None:
        """One journal, once."""
        request = PostJournal(origin=self.origin(f"post {reference}"), reference=reference, system=system)
        posted = await self.insisted(lambda: self._post(request), f"post_{reference}")
        self._posted[reference] = posted.number or posted.target_id

    async def _prepared(self) -> Prepared:
        return await workflow.execute_activity_method(
            RevenueActivities.prepare_revenue,
            PrepareRevenue(origin=self.origin("prepare_revenue"), entity=self._entity, start=self._start),
            task_queue=options.LEDGER,
            summary=f"what {self._entity} earned through the month of {self._start}",
            **options.BULK,
        )

    async def _post(self, request: PostJournal) -> JournalPosted:
        return await workflow.execute_activity_method(
            ClosingJournalActivities.post_closing_journal,
            request,
            task_queue=options.account(request.system),
            summary=f"journal {request.reference} in {request.system}",
            priority=options.fair(self._entity, urgent=True),
            **options.VENDOR_WRITE,
        )

    async def _reversed(self, request: PostJournal) -> None:
        await workflow.execute_activity_method(
            ClosingJournalActivities.reverse_closing_journal,
            request,
            task_queue=options.account(request.system),
            summary=f"reverse {request.reference} in {request.system}",
            **options.VENDOR_UNDO,
        )

    async def _settle(self, run: str, state: str) -> None:
        await workflow.execute_activity_method(
            RevenueActivities.settle_run,
            SettleRun(origin=self.origin("settle_run"), run=run, state=state),
            task_queue=options.LEDGER,
            summary=f"{run} is {state}",
            **options.BOOKS,
        )

    def origin(self, step: str, actor: str = "") -> Origin:
        """A month of an entity is a correlation of its own."""
        return Origin(
            correlation=f"{self._entity}.{self._start:%Y-%m}",
            engagement="",
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            mapping_version=self._policy_version,
        )

    def trouble(self) -> Subject:
        """The entity's books wait, no engagement does."""
        return Subject("invoice_release", self._entity)
