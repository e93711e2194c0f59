"""A signed contract becomes a governed project in every system; if it cannot be, nothing of it remains."""

import asyncio
from typing import Literal

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.activation import Judged
    from activities.billing import BillingActivities
    from activities.customer import CustomerActivities
    from activities.documents import DocumentActivities
    from activities.engagement import EngagementActivities
    from activities.project_accounting import ProjectAccountingActivities
    from activities.project_value import JoinedValue, ProjectValueActivities
    from activities.psa import PsaActivities
    from activities.step import Step, Undo
    from canonical.engagement import EngagementStatus
    from canonical.exception import Finding
    from canonical.money import Money
    from canonical.written import Written
    from workflows import options
    from workflows.control_point import Controlled
    from workflows.saga import Saga, shielded, together
    from workflows.search_attributes import where
    from workflows.stepwise import said


class ProvisionProject(BaseModel):
    """Make a project of this version of a contract."""

    contract: str
    version: int
    actor: str = "handoff"


class Provisioned(BaseModel):
    """What is now true; ``targets`` maps what was made to its id in the system that holds it."""

    contract: str
    version: int
    status: EngagementStatus
    targets: dict[str, str] = {}
    note: str = ""


class CancelHandoff(BaseModel):
    """A person's wish that the handoff be undone."""

    actor: str
    reason: str


@workflow.defn(name="provision_project")
class ProvisionProjectWorkflow(Controlled):
    """Control point; customer, projects, schedule, workspace, staffing, revenue plan; the project opens and the deal is told."""

    @workflow.init
    def __init__(self, request: ProvisionProject) -> None:
        super().__init__(request.contract, request.version, request.actor)
        self._work: asyncio.Task[Provisioned] | None = None
        self._cancelled: CancelHandoff | None = None
        self._lives = False
        self._left_out: list[str] = []
        self._living: list[str] = []
        self._extending = asyncio.Lock()

    @workflow.run
    async def run(self, request: ProvisionProject) -> Provisioned:
        """The whole handoff; a rejection or a cancellation undoes it."""
        self._work = asyncio.create_task(self._handed_over())
        try:
            provisioned = await self._work
        except (FailureError, asyncio.CancelledError) as error:
            provisioned = await shielded(self._given_up(_reason(error, self._cancelled)))
            if provisioned.status is EngagementStatus.WITHDRAWN and self._cancelled is None and is_cancelled_exception(error):
                raise
        await workflow.wait_condition(workflow.all_handlers_finished)
        return provisioned

    @workflow.update
    async def cancel(self, request: CancelHandoff) -> str:
        """Undo the handoff; what was made is withdrawn in reverse order."""
        self._cancelled = request
        if self._work is not None:
            self._work.cancel()
        return "withdrawing"

    @cancel.validator
    def _may_cancel(self, request: CancelHandoff) -> None:
        if self._cancelled is not None or self._work is None or self._work.done():
            raise ApplicationError("This handoff is over or being withdrawn already", type="TooLate", non_retryable=True)
        if self._lives:
            raise ApplicationError(
                "The project lives already. To leave out what still waits you must reject its exceptions; to end the project, "
                "amend the contract.",
                type="TooLate",
                non_retryable=True,
            )

    @workflow.query
    def targets(self) -> dict[str, str]:
        """What exists so far, by kind."""
        return self._targets

    async def _handed_over(self) -> Provisioned:
        self._judged = await self._pass_control_point(self._actor)
        status = EngagementStatus.PARTLY_ACTIVE if self._judged.held else EngagementStatus.ACTIVE
        await together(self._in_psa(), self._in_erp(), self._in_documents(), self._in_books())
        if self._judged.routes.get("psa"):
            await self.step(PsaActivities.activate_psa_project, "psa", "open the project for time")
        await self._reached(status, f"{self._judged.title}: {self._judged.value} handed over.")
        self._living = [self._judged.dossier]
        self._lives = True  # what is added from here on is undone by itself
        if self._judged.held:
            await together(*(self._add_workstream(name, finding) for name, finding in sorted(self._judged.held.items())))
            status = EngagementStatus.ACTIVE
            await self._reached(status, "Every workstream has been decided." + self._without(), self._never_handed_over())
        return self._now(status, self._without())

    # The parts that do not depend on each other.

    async def _in_psa(self) -> None:
        if not self._judged.routes.get("psa"):
            return
        await self.made("psa_project", PsaActivities.create_psa_project, "psa", undo=PsaActivities.archive_psa_project)
        if self._judged.has_staffing:
            await self.made("staffing", PsaActivities.request_staffing, "psa")

    async def _in_erp(self) -> None:
        if self._judged.customer_id:
            self._targets["customer"] = self._judged.customer_id
        elif self._judged.routes.get("customers"):
            await self.made(
                "customer", CustomerActivities.create_customer, "customers", undo=CustomerActivities.withdraw_customer
            )
        if self._judged.routes.get("project_accounting"):
            projects = ProjectAccountingActivities
            await self.made("erp_project", projects.create_erp_project, "project_accounting", undo=projects.withdraw_erp_project)
        if self._judged.routes.get("billing") and self._judged.has_schedule:
            await self.made("schedule", BillingActivities.create_schedule, "billing", undo=BillingActivities.cancel_schedule)

    async def _in_documents(self) -> None:
        if not self._judged.routes.get("documents"):
            return
        workspace = await self.made(
            "workspace", DocumentActivities.create_workspace, "documents", undo=DocumentActivities.withdraw_workspace
        )
        self._targets["workspace_url"] = workspace.url
        if self._judged.has_document:
            await self.made("signed_contract", DocumentActivities.file_signed_contract, "documents")

    async def _in_books(self) -> None:
        step = self.at("plan_revenue", "")
        self._saga.on_failure("plan_revenue", lambda: self._undo_books(step))
        await workflow.execute_activity_method(
            EngagementActivities.plan_revenue, step, task_queue=options.LEDGER, summary="plan revenue", **options.BOOKS
        )

    async def _undo_books(self, step: Step) -> None:
        await workflow.execute_activity_method(
            EngagementActivities.withdraw_revenue_plan,
            Undo(step=step, reason="withdrawn"),
            task_queue=options.LEDGER,
            summary="undo: plan revenue",
            **options.BOOKS,
        )

    # The end of a handoff that is not to be.

    async def _given_up(self, why: str) -> Provisioned:
        await self.leave(why[:250])
        if self._lives:  # a living project is not undone; what still waited is left out
            return self._now(EngagementStatus.PARTLY_ACTIVE, why)
        self._why, self._waits_as = why, EngagementStatus.WITHDRAWING
        workflow.upsert_search_attributes(where(status=EngagementStatus.WITHDRAWING.value))
        failed = await self._saga.compensate()
        if failed:
            await together(*(self.undo_by_hand(failure) for failure in failed))
        await self._reached(EngagementStatus.WITHDRAWN, why)
        await self.leave(why[:250])
        return self._now(EngagementStatus.WITHDRAWN, why)

    # Workstreams that had to wait.

    async def _add_workstream(self, workstream: str, finding: Finding) -> None:
        """A held workstream joins the living project as soon as its exception is settled; rejecting leaves it out (S14)."""
        saga = Saga()
        try:
            judged = await self._ready(workstream, finding)
            async with self._extending:  # one at a time: each has a dossier of its own
                self._judged = judged.model_copy(update={"held": self._judged.held})
                await self._extend(workstream, saga)
        except (ApplicationError, asyncio.CancelledError) as error:
            self._left_out.append(workstream)
            await shielded(saga.compensate())
            if not isinstance(error, ApplicationError):
                raise

    async def _ready(self, workstream: str, finding: Finding) -> Judged:
        origin, findings, asked = self.origin("workstream"), [finding], {(finding.code, finding.subject): finding}
        seen = self._seen
        while True:
            self._take(await self.reviewed(origin, findings, status=EngagementStatus.PARTLY_ACTIVE, seen=seen))
            seen = self.desk.changes
            judged = await self._judge(origin, workstream=workstream)
            if isinstance(judged, Judged):
                held = [judged.held[workstream]] if workstream in judged.held else []
                findings = [*judged.findings, *held]
            else:
                findings = [judged]
            asked |= {(one.code, one.subject): one for one in findings}
            if isinstance(judged, Judged) and not findings:
                await self.resolved(origin, list(asked.values()), "The workstream may start.")
                return judged

    async def _extend(self, workstream: str, saga: Saga) -> None:
        routes = self._judged.routes
        if routes.get("psa"):
            await self.made("psa_phases", PsaActivities.add_psa_phases, "psa", saga=saga, part=workstream)
            if self._judged.has_staffing:
                await self.made("staffing", PsaActivities.request_staffing, "psa", saga=saga, part=workstream)
        if routes.get("project_accounting"):
            await self.made(
                "erp_phases", ProjectAccountingActivities.add_erp_phases, "project_accounting", saga=saga, part=workstream
            )
        if routes.get("billing") and self._judged.has_schedule:
            billing = BillingActivities
            await self.made(
                "schedule", billing.create_schedule, "billing", undo=billing.cancel_schedule, saga=saga, part=workstream
            )
        if workflow.patched("workstreams that join are planned"):
            await self._planned_too(workstream, saga)
        if workflow.patched("workstreams that join raise the value"):
            await self._worth_more("psa_project", "psa", workstream, saga)
            await self._worth_more("erp_project", "project_accounting", workstream, saga)
        self._living.append(self._judged.dossier)

    async def _planned_too(self, workstream: str, saga: Saga) -> None:
        step = self.at("extend_revenue_plan", "", part=workstream)
        saga.on_failure("extend_revenue_plan", lambda: self._undo_lines(step))
        await workflow.execute_activity_method(
            EngagementActivities.extend_revenue_plan,
            step,
            task_queue=options.LEDGER,
            summary=f"plan revenue of {workstream}",
            **options.BOOKS,
        )

    async def _worth_more(self, project: Literal["psa_project", "erp_project"], capability: str, part: str, saga: Saga) -> None:
        """The project is worth what lives in it; undone, it is worth what lives in it then."""
        if not self._judged.routes.get(capability):
            return
        step = self.at("raise_project_value", capability, part=part)
        asked = JoinedValue(step=step, project=project, beside=list(self._living))
        saga.on_failure(f"raise_{project}", lambda: self._worth_less(asked))

        async def take() -> Written:
            return await workflow.execute_activity_method(
                ProjectValueActivities.raise_project_value,
                asked,
                task_queue=options.account(step.system),
                summary=f"value with {part} in {step.system}",
                priority=options.fair(self._contract),
                **options.VENDOR_WRITE,
            )

        await self.insisted(take, f"raise_{project}")

    async def _worth_less(self, asked: JoinedValue) -> None:
        await workflow.execute_activity_method(
            ProjectValueActivities.lower_project_value,
            asked.model_copy(update={"beside": list(self._living), "reason": "left out"}),
            task_queue=options.account(asked.step.system),
            summary=f"undo: value with {asked.step.part} in {asked.step.system}",
            priority=options.fair(self._contract),
            **options.VENDOR_UNDO,
        )

    async def _undo_lines(self, step: Step) -> None:
        await workflow.execute_activity_method(
            EngagementActivities.withdraw_revenue_lines,
            Undo(step=step, reason="withdrawn"),
            task_queue=options.LEDGER,
            summary="undo: plan revenue of a workstream",
            **options.BOOKS,
        )

    # Small things.

    def _without(self) -> str:
        return f" Left out: {', '.join(sorted(self._left_out))}." if self._left_out else ""

    def _never_handed_over(self) -> Money | None:
        """What the projects never came to hold of the contract's value, so that nobody looks for it there."""
        amounts = [money for one in self._left_out if (money := self._judged.held[one].money) is not None]
        return Money.sum(amounts, amounts[0].currency) if amounts else None

    def _now(self, status: EngagementStatus, note: str = "") -> Provisioned:
        return Provisioned(contract=self._contract, version=self._version, status=status, targets=self._targets, note=note)


def _reason(error: BaseException, cancelled: CancelHandoff | None) -> str:
    if cancelled is not None:
        return f"Cancelled by {cancelled.actor}: {cancelled.reason}"
    if is_cancelled_exception(error):
        reason = workflow.cancellation_reason() or "Cancelled."
        return reason.rpartition(" with reason: ")[2]  # the engine puts the asking workflow's run id before it
    return said(error)
