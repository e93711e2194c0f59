"""What the calendar makes billable of a contract: subscription periods, retainers on signing, fees by date (R77)."""

import contextlib
from datetime import date

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.eligibility import EligibilityActivities, Entered, EnterScheduled, Lapsed
    from canonical.provenance import Origin
    from workflows import options
    from workflows.expire_retainer import ExpireRetainer, ExpireRetainerWorkflow
    from workflows.insistent import Insistent
    from workflows.review import Subject
    from workflows.search_attributes import of_engagement


class BillRecurring(BaseModel):
    """Everything due through a day, that day included."""

    contract: str
    through: date
    actor: str = "handoff"


@workflow.defn(name="bill_recurring")
class BillRecurringWorkflow(Insistent):
    """One activity; asked again it finds nothing new."""

    @workflow.init
    def __init__(self, request: BillRecurring) -> None:
        super().__init__(request.actor)
        self._request = request

    @workflow.run
    async def run(self, request: BillRecurring) -> Entered:
        """Enter what is due."""
        entered = await self.insisted(self._entered, "enter_scheduled")
        for lapsed in entered.expired:
            await self._expire(lapsed)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return entered

    async def _expire(self, lapsed: Lapsed) -> None:
        """A process of its own, once for each day of expiry: it waits for people, and this does not."""
        request, contract = self._request, self._request.contract
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                ExpireRetainerWorkflow.run,
                ExpireRetainer(contract=contract, name=lapsed.name, on=request.through, actor=self._actor),
                id=f"expire_retainer/{contract}/{lapsed.name}/{lapsed.expires_on}",
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                search_attributes=of_engagement(contract, f"{contract}.{lapsed.name}"),
                static_summary=f"Retainer {lapsed.name} of {contract} expired on {lapsed.expires_on}",
                priority=options.fair(contract),
            )

    async def _entered(self) -> Entered:
        request = EnterScheduled(
            origin=self.origin("enter_scheduled"), contract=self._request.contract, through=self._request.through
        )
        return await workflow.execute_activity_method(
            EligibilityActivities.enter_scheduled,
            request,
            task_queue=options.LEDGER,
            summary=f"what is due of {self._request.contract} through {self._request.through}",
            priority=options.fair(self._request.contract),
            **options.READ,
        )

    def origin(self, step: str, actor: str = "") -> Origin:
        """By contract and day."""
        request = self._request
        return Origin(
            correlation=f"{request.contract}.{request.through}",
            engagement=request.contract,
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
        )

    def trouble(self) -> Subject:
        """Billing waits, the engagement goes on."""
        return Subject("billing_eligibility", project=self._request.contract)
