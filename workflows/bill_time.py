"""Approved time and expenses come in: polled where a system has no events, rated, kept, and posted as charges (R61-R68)."""

import asyncio
from datetime import timedelta

from pydantic import BaseModel
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.time_intake import TakeIn, TakeInItems, TakenIn, TimeActivities
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.post_charges import begin_posting_everywhere
    from workflows.review import Subject


_A_WHILE, _LONGEST_WHILE = timedelta(seconds=1), timedelta(minutes=5)


class BillTime(BaseModel):
    """The system where time is recorded; entries or expenses that are named are read again, and nothing else."""

    system: str
    time: tuple[str, ...] = ()
    expenses: tuple[str, ...] = ()
    actor: str = "handoff"


@workflow.defn(name="bill_time")
class BillTimeWorkflow(Insistent):
    """One poll. Bulk data never passes through here: the activity moves it from the source to the ledger."""

    @workflow.init
    def __init__(self, request: BillTime) -> None:
        super().__init__(request.actor)
        self._request = request

    @workflow.run
    async def run(self, request: BillTime) -> TakenIn:
        """Take in what changed since the last poll."""
        is_again = bool(request.time or request.expenses)
        taken = await self.insisted(self._taken_again if is_again else self._taken, "take_in_time")
        if workflow.patched("charges are posted"):
            found = await begin_posting_everywhere(self, self._actor)  # accounts may be down: nobody here waits for them (R120)
            taken = taken.model_copy(update={"posting_to": found.systems, "charges_not_served": found.not_served})
        await workflow.wait_condition(workflow.all_handlers_finished)
        return taken

    async def _taken(self) -> TakenIn:
        """A long poll keeps nothing waiting: what is rated is posted while the rest comes in."""
        taking, pause = self._begin_to_take(), _A_WHILE
        try:
            while workflow.patched("charges are posted while more comes in"):
                done, _ = await workflow.wait([taking], timeout=pause.total_seconds())
                if done:
                    break
                await begin_posting_everywhere(self, self._actor)
                pause = min(pause * 1.25, _LONGEST_WHILE)
        except asyncio.CancelledError:
            taking.cancel()
        return await taking

    def _begin_to_take(self) -> workflow.ActivityHandle[TakenIn]:
        return workflow.start_activity_method(
            TimeActivities.take_in_time,
            TakeIn(origin=self.origin("take_in_time"), system=self._request.system),
            task_queue=options.account(self._request.system),
            summary=f"time and expenses from {self._request.system}",
            **options.BULK,
        )

    async def _taken_again(self) -> TakenIn:
        asked = self._request
        return await workflow.execute_activity_method(
            TimeActivities.take_in_again,
            TakeInItems(
                origin=self.origin("take_in_time"),
                system=asked.system,
                source_ids=list(asked.time),
                expense_ids=list(asked.expenses),
            ),
            task_queue=options.account(asked.system),
            summary=f"{len(asked.time) + len(asked.expenses)} records of {asked.system} again",
            **options.READ,
        )

    def origin(self, step: str, actor: str = "") -> Origin:
        """A poll belongs to its system, not to an engagement."""
        info = workflow.info()
        return Origin(
            correlation=f"time.{self._request.system}",
            engagement="",
            actor=actor or self._actor,
            workflow=info.workflow_id,
            step=step,
        )

    def trouble(self) -> Subject:
        """A source that cannot be read holds up everybody's time."""
        return Subject("billing_eligibility")
