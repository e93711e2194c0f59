"""What customers paid comes in: every receivables system is asked, and each customer whose receivables changed is followed."""

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.receivables import Heard, PollReceivables, ReceivablesActivities, WaitingCustomers
    from canonical.provenance import Origin
    from workflows import options
    from workflows.follow_invoice import FollowInvoice, FollowInvoiceWorkflow
    from workflows.review import OUTAGE, Reviewed, Subject, finding_of
    from workflows.saga import stop_if_cancelled, together


class Round(BaseModel):
    """Where a round goes on that was continued as new: its customers after this one; ``heard`` is what came in before."""

    after: str = ""
    has_polled: bool = False
    heard: list[Heard] = []
    silent: list[str] = []
    followed: list[str] = []


class ReceivablesHeard(BaseModel):
    """What a round came to; ``silent`` systems could not be asked, which the next round makes up for."""

    heard: list[Heard] = []
    silent: list[str] = []
    followed: list[str] = []


@workflow.defn(name="poll_receivables")
class PollReceivablesWorkflow(Reviewed):
    """Runs on a schedule. Nobody waits for people here: followers do, each for its own customer."""

    def __init__(self) -> None:
        super().__init__()
        self.subject = Subject("cash_application")

    @workflow.run
    async def run(self, begun: Round | None = None) -> ReceivablesHeard:
        """Ask, then wake a follower for each customer, page by page."""
        now = begun or Round()
        if not now.has_polled:
            systems = await workflow.execute_activity_method(
                ReceivablesActivities.receivables_systems,
                task_queue=options.LEDGER,
                summary="who serves receivables",
                **options.BOOKS,
            )
            await together(*(self._poll(system, now) for system in systems))
            now.has_polled = True
        while page := await self._page(now.after):
            await together(*(self._follow(customer) for customer in page))
            now.followed += page
            now.after = page[-1]
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(now.model_copy(update={"followed": now.followed[-_SHOWN:]}))
        return ReceivablesHeard(heard=now.heard, silent=now.silent, followed=now.followed[-_SHOWN:])

    async def _poll(self, system: str, now: Round) -> None:
        info = workflow.info()
        origin = Origin(
            correlation=f"receivables.{system}",
            engagement="",
            actor="handoff",
            workflow=info.workflow_id,
            step="poll_receivables",
        )
        try:
            heard = await workflow.execute_activity_method(
                ReceivablesActivities.poll_receivables,
                PollReceivables(origin=origin, system=system),
                task_queue=options.account(system),
                summary=f"payments and open documents of {system}",
                **options.POLL,
            )
        except ActivityError as error:
            stop_if_cancelled()
            now.silent.append(system)
            finding = finding_of(error, subject=system)
            if finding is not None and finding.code != OUTAGE:  # one that is away is asked again in the next round
                await self.open_only(origin, [finding])
            return
        now.heard.append(heard)

    async def _page(self, after: str) -> list[str]:
        return await workflow.execute_activity_method(
            ReceivablesActivities.customers_to_follow,
            WaitingCustomers(after=after),
            task_queue=options.LEDGER,
            summary="whose receivables changed",
            **options.BOOKS,
        )

    async def _follow(self, customer: str) -> None:
        """A follower that runs already is told; one that ends meanwhile has left the change to the next round."""
        try:
            await workflow.start_child_workflow(
                FollowInvoiceWorkflow.run,
                FollowInvoice(customer=customer),
                id=f"follow_invoice/{customer}",
                task_queue=options.WORKFLOWS,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary=f"Invoices of {customer}",
            )
        except WorkflowAlreadyStartedError:
            await _tell(customer)


async def _tell(customer: str) -> None:
    handle = workflow.get_external_workflow_handle(f"follow_invoice/{customer}")
    try:
        await handle.signal(FollowInvoiceWorkflow.records_changed)
    except Exception as gone:  # the follower ended between; what changed is still counted
        workflow.logger.info("the follower of a customer ended before it was told: %s", type(gone).__name__)


_SHOWN = 1_000
