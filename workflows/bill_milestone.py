"""An accepted milestone becomes billable: evidence, dependencies and revenue policy first, then the item (R73-R75, R150)."""

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.eligibility import BillAccepted, EligibilityActivities, Entered
    from canonical.acceptance import Acceptance
    from canonical.exception import Decision, Finding
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import REJECTED, Subject


class BillMilestone(BaseModel):
    """What was accepted, and who told us."""

    acceptance: Acceptance
    actor: str = "handoff"


class MilestoneBilled(BaseModel):
    """What became of it: billable for the amount, or not to be billed."""

    is_billable: bool
    amount: Money | None = None


@workflow.defn(name="bill_milestone")
class BillMilestoneWorkflow(Insistent):
    """One acceptance of one milestone; a later version of it is another run under the same id."""

    @workflow.init
    def __init__(self, request: BillMilestone) -> None:
        super().__init__(request.actor)
        self._acceptance = request.acceptance
        self._overridden: list[tuple[str, str]] = []
        self._entered = Entered()

    @workflow.run
    async def run(self, request: BillMilestone) -> MilestoneBilled:
        """Judge, wait for people where something is missing, and enter it."""
        try:
            await self._enter()
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            await self.leave("It was decided that it is not billed.")
            return MilestoneBilled(is_billable=False)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return MilestoneBilled(is_billable=self._entered.items > 0, amount=self._entered.amount)

    async def _enter(self) -> None:
        origin, asked = self.origin("enter_milestone"), list[Finding]()
        while True:
            seen = self.desk.changes
            self._entered = await self.insisted(self._judged, "enter_milestone")
            gone = [one for one in asked if one.code not in {found.code for found in self._entered.findings}]
            if gone:
                await self.resolved(origin, gone, "It no longer holds.")
            asked = self._entered.findings
            if not asked:
                return
            self.subject = self.trouble()
            for finding, answer in await self.reviewed(origin, asked, status=None, seen=seen):
                if answer.decision is Decision.OVERRIDE:
                    self._overridden.append((finding.code, finding.subject))

    async def _judged(self) -> Entered:
        request = BillAccepted(origin=self.origin("enter_milestone"), acceptance=self._acceptance, overridden=self._overridden)
        return await workflow.execute_activity_method(
            EligibilityActivities.enter_milestone,
            request,
            task_queue=options.LEDGER,
            summary=f"control point: billing eligibility of {self._acceptance.milestone}",
            priority=options.fair(self._acceptance.contract, lane=options.MILESTONES),
            **options.READ,
        )

    def origin(self, step: str, actor: str = "") -> Origin:
        """The acceptance is what everything here belongs to."""
        acceptance = self._acceptance
        return Origin(
            correlation=f"{acceptance.contract}.{acceptance.milestone}",
            engagement=acceptance.contract,
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
        )

    def trouble(self) -> Subject:
        """The milestone's money waits, not the engagement."""
        entered = self._entered
        return Subject("billing_eligibility", entered.entity, entered.customer, self._acceptance.contract)
