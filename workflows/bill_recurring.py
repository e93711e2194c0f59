"""What the calendar makes billable of a contract: subscription periods, retainers on signing, fees by date (R77)."""

from datetime import date

from pydantic import BaseModel
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.eligibility import EligibilityActivities, Entered, EnterScheduled
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import Subject


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
        await workflow.wait_condition(workflow.all_handlers_finished)
        return entered

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
