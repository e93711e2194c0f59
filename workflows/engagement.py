"""The coordinator of one engagement: receives every fact about it, in any order, and runs the handoffs one after another."""

import asyncio
from datetime import timedelta

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.case import CaseActivities, OpenCases
    from activities.drift import CompareProject, DriftActivities
    from activities.fact import FactActivities, TakeFacts, TakenFacts
    from canonical.engagement import EngagementStatus
    from canonical.exception import Finding
    from canonical.provenance import Origin
    from workflows import options
    from workflows.provision_project import Provisioned, ProvisionProject, ProvisionProjectWorkflow
    from workflows.search_attributes import of_engagement, where
    from workflows.signals import EventNote

_AT_ONCE = 200
_LIVING = {EngagementStatus.ACTIVE, EngagementStatus.PARTLY_ACTIVE}


class Engagement(BaseModel):
    """The contract whose engagement this is, and what a predecessor run hands over."""

    contract: str
    waiting: list[int] = []
    facts: int = 0


@workflow.defn(name="engagement")
class EngagementWorkflow:
    """Thin and long-lived: it decides the order, the handoffs do the work, the ledger keeps the facts."""

    @workflow.init
    def __init__(self, engagement: Engagement) -> None:
        self._contract = engagement.contract
        self._waiting = list(engagement.waiting)
        self._facts = engagement.facts
        self._handoff: asyncio.Task[Provisioned | None] | None = None
        self._version = 0
        self._next: int | None = None
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
                self._begin_next()
            if self._waiting:
                await self._take_in()
            if not self._is_known and not self._waiting and self._handoff is None and self._next is None:
                return  # nothing is executed under this reference yet; the next delivery starts us again
            if workflow.info().is_continue_as_new_suggested() and self._handoff is None and not self._next:
                workflow.continue_as_new(Engagement(contract=self._contract, waiting=self._waiting, facts=self._facts))

    def _is_between_handoffs(self) -> bool:
        is_over = self._handoff is not None and self._handoff.done()
        return is_over or (self._handoff is None and self._next is not None)

    def _begin_next(self) -> None:
        if self._handoff is not None:
            self._handoff.result()  # a programming error must show here, not be lost
        self._handoff = None
        if self._next is not None:
            self._version, self._next = self._next, None
            self._handoff = asyncio.create_task(self._provision(self._version))

    async def _take_in(self) -> None:
        numbers, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
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
        if taken.version is not None and taken.version > self._version:
            await self._new_version(taken.version, taken)
        elif self._handoff is not None and (taken.is_changed or taken.is_voided):
            await self._tell_handoff(taken)
        elif taken.is_changed and taken.status in _LIVING:
            await self._compare()

    async def _new_version(self, version: int, taken: TakenFacts) -> None:
        if taken.status in _LIVING:
            await self._amendment_waits(version)
        else:
            self._next = version

    async def _tell_handoff(self, taken: TakenFacts) -> None:
        child: workflow.ExternalWorkflowHandle[ProvisionProjectWorkflow] = workflow.get_external_workflow_handle_for(
            ProvisionProjectWorkflow.run, self._child_id(self._version)
        )
        if taken.is_voided:
            await child.cancel(reason="The contract was voided or declined.")
        else:
            await child.signal(ProvisionProjectWorkflow.records_changed)

    async def _compare(self) -> None:
        """Something about a living engagement changed: does its project still say what was sold?"""
        origin = Origin(correlation=self._contract, engagement=self._contract, actor="handoff", step="compare_project")
        await workflow.execute_activity_method(
            DriftActivities.compare_project,
            CompareProject(origin=origin, contract=self._contract),
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
            remedy="Carry the change out in PSA and ERP by hand, then settle with override.",
        )
        origin = Origin(
            correlation=f"{self._contract}.{version}", engagement=self._contract, actor="handoff", workflow="", step="amendment"
        )
        await workflow.execute_activity_method(
            CaseActivities.open_cases,
            OpenCases(origin=origin, findings=[finding], control_point="contract_activation"),
            task_queue=options.LEDGER,
            summary="an amendment waits",
            **options.BOOKS,
        )
        workflow.upsert_search_attributes(where(status="amendment_waiting", code=finding.code))

    def _child_id(self, version: int) -> str:
        return f"provision_project/{self._contract}/{version}"
