"""What becomes of a customer's posted invoices: paid, disputed, overdue; CRM and PSA are told, people asked (R100-R102)."""

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.following import FollowingActivities, LookAt, Looked, TellStanding, ToTell
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import REJECTED, Subject


class FollowInvoice(BaseModel):
    """The customer; what changed of its invoices stands in the ledger."""

    customer: str
    actor: str = "handoff"


class Followed(BaseModel):
    """How many things were told, and how many exceptions of cash application wait for people."""

    told: int = 0
    open: int = 0


@workflow.defn(name="follow_invoice")
class FollowInvoiceWorkflow(Insistent):
    """One customer at a time, so that an older exposure never overwrites a newer one; it ends when there is nothing to tell.

    Nobody waits for months here: what time brings (a due date, a bucket) and what polls bring wakes another run under this id,
    and what waits for people in cash application waits in the queue alone.
    """

    @workflow.init
    def __init__(self, request: FollowInvoice) -> None:
        super().__init__(request.actor)
        self._request = request
        self._looked = Looked()

    @workflow.run
    async def run(self, request: FollowInvoice) -> Followed:
        """Look, tell, and look again until nothing is new."""
        done = Followed()
        while True:
            seen = self.desk.changes
            self._looked = await self.insisted(self._look, "look_at_customer")
            done.open = self._looked.open
            for what in self._looked.to_tell:
                await self._tell(what)
                done.told += 1
            if not self._looked.to_tell and self.desk.changes == seen:
                break
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(request)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return done

    async def _look(self) -> Looked:
        return await workflow.execute_activity_method(
            FollowingActivities.look_at_customer,
            LookAt(origin=self.origin("look_at_customer"), customer=self._request.customer),
            task_queue=options.LEDGER,
            summary=f"receivables of {self._request.customer}",
            **options.READ,
        )

    async def _tell(self, what: ToTell) -> None:
        """A system that does not take it is a person's to decide about; to reject leaves it untold."""
        step = "tell_project" if what.project else "tell_account"
        request = TellStanding(origin=self._origin_of(what, step), what=what)
        try:
            await self.insisted(lambda: self._told(request), f"{step} {what.about}")
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            await workflow.execute_activity_method(
                FollowingActivities.leave_untold, request, task_queue=options.LEDGER, summary="left untold", **options.BOOKS
            )

    async def _told(self, request: TellStanding) -> object:
        what = request.what
        return await workflow.execute_activity_method(
            FollowingActivities.tell_project if what.project else FollowingActivities.tell_account,
            request,
            task_queue=options.account(what.system),
            summary=f"{what.about} to {what.system}",
            priority=options.fair(self._request.customer),
            **options.VENDOR_WRITE,
        )

    def _origin_of(self, what: ToTell, step: str) -> Origin:
        return self.origin(step).changed(engagement=what.contract)

    def origin(self, step: str, actor: str = "") -> Origin:
        """Receivables are a customer's, across its engagements."""
        return Origin(
            correlation=f"receivables.{self._request.customer}",
            engagement="",
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            mapping_version=self._looked.policy_version,
        )

    def trouble(self) -> Subject:
        """A CRM or PSA that cannot be told holds up nothing but the telling."""
        return Subject("cash_application", customer=self._request.customer)
