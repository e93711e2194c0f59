"""A signed contract becomes a governed project in every system; if it cannot be, nothing of it remains."""

import asyncio

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.activation import ActivationActivities, JudgeActivation, Judged
    from activities.billing import BillingActivities
    from activities.crm import CrmActivities, Tell
    from activities.customer import CustomerActivities
    from activities.documents import DocumentActivities
    from activities.engagement import Checkpoint, EngagementActivities
    from activities.project_accounting import ProjectAccountingActivities
    from activities.psa import PsaActivities
    from activities.step import Step, Undo
    from canonical.engagement import EngagementStatus
    from canonical.exception import Decision, Finding, Settlement
    from canonical.provenance import Origin
    from workflows import options
    from workflows.review import Subject, finding_of
    from workflows.saga import Saga, shielded, together
    from workflows.search_attributes import where
    from workflows.stepwise import Stepwise, said


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
class ProvisionProjectWorkflow(Stepwise):
    """Control point; customer, projects, schedule, workspace, staffing, revenue plan; the project opens and the deal is told."""

    @workflow.init
    def __init__(self, request: ProvisionProject) -> None:
        super().__init__(request.contract, request.version, request.actor)
        self._overridden: list[tuple[str, str]] = []
        self._adopted_customer = ""
        self._told = 0
        self._work: asyncio.Task[Provisioned] | None = None
        self._cancelled: CancelHandoff | None = None
        self._extending = asyncio.Lock()

    @workflow.run
    async def run(self, request: ProvisionProject) -> Provisioned:
        """The whole handoff; a rejection or a cancellation undoes it."""
        self._work = asyncio.create_task(self._handed_over())
        try:
            provisioned = await self._work
        except (FailureError, asyncio.CancelledError) as error:
            withdrawn = await shielded(self._withdrawn(_reason(error, self._cancelled)))
            if self._cancelled is None and is_cancelled_exception(error):
                raise
            provisioned = withdrawn
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
        self._saga = Saga()  # from here on the project lives; what is added later is undone by itself
        if self._judged.held:
            await together(*(self._add_workstream(name, finding) for name, finding in sorted(self._judged.held.items())))
            status = EngagementStatus.ACTIVE
            await self._reached(status, "Every workstream has been decided.")
        return self._now(status)

    # The control point.

    async def _pass_control_point(self, actor: str) -> Judged:
        open_findings: list[Finding] = []
        while True:
            judged = await self._judge(self.origin("contract_activation", actor))
            if isinstance(judged, Finding):
                judged = Judged(findings=[judged])
            self._judged = judged
            self.subject = Subject("contract_activation", judged.entity, judged.customer, self._contract)
            gone = [f for f in open_findings if (f.code, f.subject) not in {(g.code, g.subject) for g in judged.findings}]
            origin = self.origin("contract_activation", actor)
            if gone:
                await self.resolved(origin, gone, "It no longer holds.")
            if not judged.findings:
                workflow.upsert_search_attributes(where(status="provisioning", customer=judged.customer, entity=judged.entity))
                return judged
            open_findings = judged.findings
            await self._tell_waiting(judged.findings)
            self._take(await self.reviewed(origin, judged.findings, status=EngagementStatus.WAITING), judged.findings)

    async def _judge(self, origin: Origin, *, workstream: str | None = None) -> Judged | Finding:
        request = JudgeActivation(
            origin=origin,
            contract=self._contract,
            version=self._version,
            overridden=self._overridden,
            adopted_customer=self._adopted_customer,
            workstreams=None if workstream is None else [workstream],
            part=workstream or "",
        )
        try:
            return await workflow.execute_activity_method(
                ActivationActivities.judge_activation,
                request,
                task_queue=options.LEDGER,
                summary=f"control point: contract activation of {self._contract}",
                priority=options.fair(self._contract),
                **options.READ,
            )
        except ActivityError as error:
            finding = finding_of(error, subject="contract_activation")
            if finding is None:
                raise
            return finding

    def _take(self, settlements: list[Settlement], findings: list[Finding]) -> None:
        for settlement, finding in zip(settlements, findings, strict=False):
            if settlement.decision is Decision.OVERRIDE:
                self._overridden.append((finding.code, finding.subject))
            elif settlement.decision is Decision.ADOPT:
                self._adopted_customer = settlement.adopt

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
        if self._judged.routes.get("billing"):
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

    # What the deal and the board say.

    async def _tell_waiting(self, findings: list[Finding]) -> None:
        if self._judged.deal_id:
            await self._tell(EngagementStatus.WAITING, " ".join(finding.sentence for finding in findings))

    async def _reached(self, status: EngagementStatus, note: str) -> None:
        await self._tell(status, note)
        workflow.upsert_search_attributes(where(status=status.value))
        workflow.set_current_details(self._details(status, note))

    async def _tell(self, status: EngagementStatus, note: str) -> None:
        """Write back to the deal where a CRM is there to be told; the board hears it in any case."""
        origin, crm = self.origin("tell_deal"), self._judged.routes.get("crm")
        if crm and self._judged.deal_id:
            self._told += 1
            tell = Tell(
                origin=origin,
                system=crm,
                contract=self._contract,
                version=self._version,
                deal_id=self._judged.deal_id,
                number=self._told,
                occasion=status,
                note=note,
                targets=self._targets,
            )
            await workflow.execute_activity_method(
                CrmActivities.tell_deal,
                tell,
                task_queue=options.account(crm),
                summary=f"tell the deal: {status.value}",
                **options.VENDOR_WRITE,
            )
            return
        checkpoint = Checkpoint(origin=origin, status=status, version=self._version, note=note, targets=self._targets)
        await workflow.execute_activity_method(
            EngagementActivities.reach, checkpoint, task_queue=options.LEDGER, summary=status.value, **options.BOOKS
        )

    def _details(self, status: EngagementStatus, note: str) -> str:
        rows = "\n".join(f"| {name} | `{target}` |" for name, target in sorted(self._targets.items()))
        return f"**{status.value}** {note}\n\n| what | id |\n|---|---|\n{rows}"

    # The end of a handoff that is not to be.

    async def _withdrawn(self, why: str) -> Provisioned:
        self._why = why
        workflow.upsert_search_attributes(where(status=EngagementStatus.WITHDRAWING.value))
        failed = await self._saga.compensate()
        if failed:
            await together(*(self.undo_by_hand(failure) for failure in failed))
        status = EngagementStatus.WITHDRAWN
        await self._reached(status, why)
        return self._now(status, why)

    # Workstreams that had to wait.

    async def _add_workstream(self, workstream: str, finding: Finding) -> None:
        """A held workstream joins the living project as soon as its exception is settled; rejecting leaves it out (S14)."""
        origin = self.origin("workstream")
        while True:
            try:
                settlements = await self.reviewed(origin, [finding], status=EngagementStatus.PARTLY_ACTIVE)
            except ApplicationError:
                return
            self._take(settlements, [finding])
            judged = await self._judge(origin, workstream=workstream)
            if isinstance(judged, Judged) and workstream not in judged.held and not judged.findings:
                break
        async with self._extending:  # one at a time: each has a dossier of its own
            self._judged = judged.model_copy(update={"held": self._judged.held})
            await self._extend(workstream)

    async def _extend(self, workstream: str) -> None:
        saga, routes = Saga(), self._judged.routes
        if routes.get("psa"):
            await self.made("psa_phases", PsaActivities.add_psa_phases, "psa", saga=saga, part=workstream)
            if self._judged.has_staffing:
                await self.made("staffing", PsaActivities.request_staffing, "psa", saga=saga, part=workstream)
        if routes.get("project_accounting"):
            await self.made(
                "erp_phases", ProjectAccountingActivities.add_erp_phases, "project_accounting", saga=saga, part=workstream
            )
        if routes.get("billing"):
            await self.made("schedule", BillingActivities.create_schedule, "billing", saga=saga, part=workstream)

    # Small things.

    def _now(self, status: EngagementStatus, note: str = "") -> Provisioned:
        return Provisioned(contract=self._contract, version=self._version, status=status, targets=self._targets, note=note)


def _reason(error: BaseException, cancelled: CancelHandoff | None) -> str:
    if cancelled is not None:
        return f"Cancelled by {cancelled.actor}: {cancelled.reason}"
    if is_cancelled_exception(error):
        return workflow.cancellation_reason() or "Cancelled."
    return said(error)
