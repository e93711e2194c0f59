"""The coordinator of one engagement: receives every fact about it, in any order, and runs the handoffs one after another."""

import asyncio
import contextlib
from datetime import timedelta

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ChildWorkflowError, FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.acceptance import DueAcceptance
    from activities.case import CaseActivities, OpenCases, ResolveCases, case_key
    from activities.drift import CompareProject, DriftActivities
    from activities.fact import FactActivities, TakeFacts, TakenFacts
    from canonical.engagement import EngagementStatus
    from canonical.exception import Finding
    from canonical.provenance import Origin
    from workflows import options
    from workflows.bill_milestone import BillMilestone, BillMilestoneWorkflow
    from workflows.provision_project import Provisioned, ProvisionProject, ProvisionProjectWorkflow
    from workflows.review import finding_of
    from workflows.search_attributes import of_engagement, where
    from workflows.signals import EventNote

_AT_ONCE = 200
_LIVING = {EngagementStatus.ACTIVE, EngagementStatus.PARTLY_ACTIVE}


class Engagement(BaseModel):
    """The contract whose engagement this is, and what a predecessor run hands over."""

    contract: str
    waiting: list[int] = []
    facts: int = 0
    known: int = 0


@workflow.defn(name="engagement")
class EngagementWorkflow:
    """Thin and long-lived: it decides the order, the handoffs do the work, the ledger keeps the facts."""

    @workflow.init
    def __init__(self, engagement: Engagement) -> None:
        self._contract = engagement.contract
        self._waiting = list(engagement.waiting)
        self._facts = engagement.facts
        self._handoff: asyncio.Task[Provisioned | None] | None = None
        self._known = engagement.known
        self._running = 0
        self._next: int | None = None
        self._trouble: Finding | None = None
        self._is_known = engagement.facts > 0

    @workflow.signal
    def received(self, note: EventNote) -> None:
        """A delivery about this engagement is in the inbox."""
        self._waiting.append(note.number)

    @workflow.query
    def taken(self) -> int:
        """How many deliveries have been taken in so far."""
        return self._facts

    @workflow.run
    async def run(self, engagement: Engagement) -> None:
        """Take facts in as they come; continue as new while nothing is under way, before the history grows."""
        while True:
            await workflow.wait_condition(lambda: bool(self._waiting) or self._is_between_handoffs())
            if self._is_between_handoffs():
                await self._begin_next()
            if self._waiting:
                await self._take_in()
            if not self._is_known and not self._waiting and self._handoff is None and self._next is None:
                return  # nothing is executed under this reference yet; the next delivery starts us again
            if workflow.info().is_continue_as_new_suggested() and self._handoff is None and self._next is None:
                workflow.continue_as_new(
                    Engagement(contract=self._contract, waiting=self._waiting, facts=self._facts, known=self._known)
                )

    def _is_between_handoffs(self) -> bool:
        is_over = self._handoff is not None and self._handoff.done()
        return is_over or (self._handoff is None and self._next is not None)

    async def _begin_next(self) -> None:
        ended = await self._handoff if self._handoff is not None else None  # a programming error must show here, not be lost
        self._handoff, version, self._next = None, self._next, None
        if version is None:
            return
        if ended is not None and ended.status in _LIVING:
            await self._amendment_waits(version)
        else:
            self._running = version
            self._handoff = asyncio.create_task(self._provision(version))

    async def _take_in(self) -> None:
        numbers, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        try:
            taken = await workflow.execute_activity_method(
                FactActivities.take_facts,
                TakeFacts(contract=self._contract, numbers=sorted(set(numbers))),
                task_queue=options.LEDGER,
                summary=f"{len(numbers)} deliveries about {self._contract}",
                priority=options.fair(self._contract),
                **options.READ,
            )
            self._facts += len(numbers)
            self._is_known = self._is_known or taken.is_known or taken.status not in {None, EngagementStatus.PARKED}
            await self._act_on(taken)
        except ActivityError as error:
            await self._cannot_read(error)
        else:
            await self._can_read()

    async def _act_on(self, taken: TakenFacts) -> None:
        for due in taken.acceptances:
            await self._bill_milestone(due)
        if taken.is_voided:
            self._next = None
            await self._stop_handoff("The contract was voided or declined.")
        elif taken.version is not None and taken.version > self._known:
            self._known = taken.version
            await self._new_version(taken.version, taken.status)
        elif taken.is_changed and self._handoff is not None:
            with contextlib.suppress(FailureError):  # it ended a moment ago: nothing of it waits any more
                await self._child().signal(ProvisionProjectWorkflow.records_changed)
        elif taken.is_changed and taken.status in _LIVING:
            await self._compare()

    async def _bill_milestone(self, due: DueAcceptance) -> None:
        """Once for each version of an acceptance; what still waits for an older one looks again, and gives way."""
        acceptance = due.acceptance
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                BillMilestoneWorkflow.run,
                BillMilestone(acceptance=acceptance, actor=due.actor),
                id=acceptance.billing,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                search_attributes=of_engagement(self._contract, acceptance.subject),
                static_summary=f"Milestone {acceptance.term} of {self._contract}",
                priority=options.fair(self._contract),
            )
        for version in due.older:
            with contextlib.suppress(FailureError):  # it came to its end
                older = workflow.get_external_workflow_handle(acceptance.billing_of(version))
                await older.signal(BillMilestoneWorkflow.records_changed)

    async def _new_version(self, version: int, status: EngagementStatus | None) -> None:
        """A living project is amended; a handoff whose project does not live yet gives way to the newer version."""
        if status in _LIVING:
            await self._amendment_waits(version)
        else:
            self._next = version
            await self._stop_handoff(f"Version {version} of the contract takes its place.")

    async def _stop_handoff(self, reason: str) -> None:
        if self._handoff is not None:
            with contextlib.suppress(FailureError):  # it ended a moment ago
                await self._child().cancel(reason=reason)

    def _child(self) -> workflow.ExternalWorkflowHandle[ProvisionProjectWorkflow]:
        return workflow.get_external_workflow_handle_for(ProvisionProjectWorkflow.run, self._child_id(self._running))

    async def _compare(self) -> None:
        """Something about a living engagement changed: does its project still say what was sold?"""
        await workflow.execute_activity_method(
            DriftActivities.compare_project,
            CompareProject(origin=self._origin("compare_project"), contract=self._contract),
            task_queue=options.LEDGER,
            summary="is the project as sold?",
            **options.READ,
        )

    async def _provision(self, version: int) -> Provisioned | None:
        request = ProvisionProject(contract=self._contract, version=version)
        try:
            return await workflow.execute_child_workflow(
                ProvisionProjectWorkflow.run,
                request,
                id=self._child_id(version),
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                search_attributes=of_engagement(self._contract, f"{self._contract}.{version}"),
                static_summary=f"Provision contract {self._contract}, version {version}",
                priority=options.fair(self._contract),
                task_timeout=timedelta(seconds=20),
            )
        except (ChildWorkflowError, WorkflowAlreadyStartedError) as error:
            workflow.logger.warning("provisioning of %s ended otherwise: %s", self._contract, type(error).__name__)
            return None

    async def _amendment_waits(self, version: int) -> None:
        """A living engagement whose contract changed: a person is told until `amend_contract` serves it."""
        finding = Finding(
            code="AMENDMENT_WAITING",
            subject=str(version),
            sentence=f"Version {version} of contract {self._contract} was signed while its project is active.",
            remedy="Carry the change out in PSA and ERP by hand, then settle with retry.",
        )
        await self._open(finding, self._origin("amendment", version))
        workflow.upsert_search_attributes(where(status="amendment_waiting", code=finding.code))

    async def _cannot_read(self, error: ActivityError) -> None:
        """What cannot be read becomes work for people; the inbox hands the deliveries on again, since none was concluded."""
        finding = finding_of(error, subject="read_records")
        if finding is None:
            raise error
        self._trouble, self._is_known = finding, True
        await self._open(finding, self._origin("read_records"))

    async def _can_read(self) -> None:
        trouble, self._trouble = self._trouble, None
        if trouble is None:
            return
        origin = self._origin("read_records")
        await workflow.execute_activity_method(
            CaseActivities.resolve_cases,
            ResolveCases(origin=origin, keys=[case_key(origin, trouble)], reason="The records could be read."),
            task_queue=options.LEDGER,
            summary=f"close the exception: {trouble.code}",
            **options.BOOKS,
        )

    async def _open(self, finding: Finding, origin: Origin) -> None:
        await workflow.execute_activity_method(
            CaseActivities.open_cases,
            OpenCases(origin=origin, findings=[finding], control_point="contract_activation"),
            task_queue=options.LEDGER,
            summary=f"open an exception: {finding.code}",
            **options.BOOKS,
        )

    def _origin(self, step: str, version: int | None = None) -> Origin:
        correlation = self._contract if version is None else f"{self._contract}.{version}"
        return Origin(correlation=correlation, engagement=self._contract, actor="handoff", workflow="", step=step)

    def _child_id(self, version: int) -> str:
        return f"provision_project/{self._contract}/{version}"
