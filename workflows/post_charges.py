"""Posts rated time and expenses to one ERP account as charges; what it refuses waits for a person, and nothing else with it."""

import asyncio
from datetime import timedelta
from functools import partial

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.charge_round import ChargesPosted
    from activities.charging import Chargeable, ChargingActivities, FindChargeable, PostCharges
    from canonical.exception import Finding, Settlement
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import REJECTED, Subject

_A_MOMENT = timedelta(milliseconds=200)


class PostAccount(BaseModel):
    """The account; ``refused`` are batches that wait for a person since an earlier run of this workflow."""

    system: str
    actor: str = "handoff"
    refused: list[Finding] = []


@workflow.defn(name="post_charges")
class PostChargesWorkflow(Insistent):
    """One an account at a time. A batch that waits for a person keeps nothing else back: new work is posted meanwhile."""

    @workflow.init
    def __init__(self, request: PostAccount) -> None:
        super().__init__(request.actor)
        self._system = request.system
        self._told = 0
        self._again: list[str] = []
        self._waiting: dict[str, Finding] = {}
        self._posted = ChargesPosted()

    @workflow.signal
    def more(self) -> None:
        """There is more to post."""
        self._told += 1

    @workflow.run
    async def run(self, request: PostAccount) -> ChargesPosted:
        """Until nothing waits and nothing is refused."""
        self._waiting = {finding.subject: finding for finding in request.refused}
        decisions = [asyncio.create_task(self._decide(finding)) for finding in request.refused]
        while True:
            told, again, self._again = self._told, self._again, list[str]()
            posted = await self.insisted(partial(self._round, again), "post_charges")
            self._count(posted)
            self._waiting |= {finding.subject: finding for finding in posted.refused}
            decisions += [asyncio.create_task(self._decide(finding)) for finding in posted.refused]
            if posted.more or self._again or self._told != told:
                continue
            await workflow.wait_condition(partial(self._may_go_on_posting, told))
            if self._again or self._told != told:
                if workflow.info().is_continue_as_new_suggested() and not self._again:
                    self._continue()
                continue
            break
        await asyncio.gather(*decisions)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._posted

    def _may_go_on_posting(self, told: int) -> bool:
        return bool(self._again) or self._told != told or not self._waiting

    def _continue(self) -> None:
        refused = list(self._waiting.values())
        workflow.continue_as_new(PostAccount(system=self._system, actor=self._actor, refused=refused))

    def _count(self, posted: ChargesPosted) -> None:
        for name in ("batches", "items", "taken_back", "revised"):
            setattr(self._posted, name, getattr(self._posted, name) + getattr(posted, name))

    async def _decide(self, finding: Finding) -> None:
        """A batch is posted again when a person says so; one that a person gives up stays without charges there."""
        self.subject, origin = self.trouble(), self.origin("post_charges")
        try:
            answers: list[tuple[Finding, Settlement]] = []
            while not answers:
                answers = await self.reviewed(origin, [finding], status=None)
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
        else:
            if finding.code == "OUTCOME_UNKNOWN":
                await self._carry(finding.evidence["key"], answers[0][1])
            self._again.append(finding.subject)
        del self._waiting[finding.subject]

    async def _round(self, again: list[str]) -> ChargesPosted:
        return await workflow.execute_activity_method(
            ChargingActivities.post_charges,
            PostCharges(origin=self.origin("post_charges"), system=self._system, again=again),
            task_queue=options.account(self._system),
            summary=f"charges to {self._system}",
            priority=options.TIME,
            **options.BULK_WRITE,
        )

    def origin(self, step: str, actor: str = "") -> Origin:
        """Batches belong to an account, not to an engagement."""
        return Origin(
            correlation=f"charges.{self._system}",
            engagement="",
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
        )

    def trouble(self) -> Subject:
        """Charges keep no invoice back, but the ERP's projects do not show the work."""
        return Subject("billing_eligibility")


async def begin_posting_everywhere(ask: Insistent, actor: str) -> Chargeable:
    """Have everything posted that waits for any account, or is to be told there; answers which accounts these are."""
    found = await ask.insisted(partial(_chargeable, ask.origin("find_chargeable")), "find_chargeable")
    for system in found.systems:
        await begin_posting(system, actor)
    return found


async def _chargeable(origin: Origin) -> Chargeable:
    return await workflow.execute_activity_method(
        ChargingActivities.find_chargeable,
        FindChargeable(origin=origin),
        task_queue=options.LEDGER,
        summary="where rated work is posted",
        **options.BOOKS,
    )


async def begin_posting(system: str, actor: str) -> None:
    """Have an account's charges posted, by a workflow that goes on when the caller has ended, or by the one that runs."""
    workflow_id = f"post_charges/{system}"
    while True:
        try:
            await workflow.start_child_workflow(
                PostChargesWorkflow.run,
                PostAccount(system=system, actor=actor),
                id=workflow_id,
                task_queue=options.WORKFLOWS,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary=f"Charges to {system}",
                priority=options.TIME,
            )
            return
        except WorkflowAlreadyStartedError:
            if await _is_told(workflow_id):
                return
            await workflow.sleep(_A_MOMENT)


async def _is_told(workflow_id: str) -> bool:
    """False when it ended in between."""
    try:
        await workflow.get_external_workflow_handle_for(PostChargesWorkflow.run, workflow_id).signal(PostChargesWorkflow.more)
    except FailureError:
        return False
    return True
