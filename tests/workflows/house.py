"""The product's own workers over a real engine and ledger, with systems that remember; tests ask, wait and settle through it."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from canonical.exception import Case, Decision, Settlement
from ledger.database import Database
from ledger.exceptions import CaseFilter
from ledger.migrations.run import upgrade
from operations.dispatch import start_engagement
from runtime.codec import KeyRing
from runtime.embedded.postgres import APP, Postgres
from runtime.embedded.temporal import Temporal
from runtime.plugin import handoff_plugin
from runtime.settings import WorkerSettings
from tests.activities.firm import Firm, quick_books
from tests.activities.memory import Fault
from worker import workers
from workflows import options
from workflows.provision_project import Provisioned, ProvisionProject, ProvisionProjectWorkflow
from workflows.search_attributes import TYPES, of_engagement

SUGGEST_CONTINUE = 60
PATIENCE = 60.0
Handle = WorkflowHandle[Any, Any]
Ended = WorkflowExecutionStatus | None


class EarlyToContinue(Temporal):
    """A dev server that suggests to continue as new after few events, as production does after thousands."""

    def _ui(self) -> list[str]:
        return [*super()._ui(), "--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={SUGGEST_CONTINUE}"]


@dataclass
class House:
    """One engine, one ledger, one set of workers; every test has contracts of its own."""

    firm: Firm
    client: Client
    running: list[Worker] = field(default_factory=list)

    # Workers.

    async def open(self) -> None:
        """Start the product's workers."""
        settings = WorkerSettings(activities=20, workflow_tasks=20)
        self.running = workers(self.client, self.firm.activities(), self.firm.policies, settings)
        for worker in self.running:
            await worker.__aenter__()

    async def close(self) -> None:
        """Stop them."""
        await asyncio.gather(*(worker.__aexit__(None, None, None) for worker in self.running))

    async def restart(self) -> None:
        """Another worker process takes over: nothing of the first one's memory remains."""
        await self.close()
        await self.open()

    # Asking.

    async def provision(self, contract: str, version: int = 1) -> "WorkflowHandle[ProvisionProjectWorkflow, Provisioned]":
        """Start the handoff of a contract version."""
        return await self.client.start_workflow(
            ProvisionProjectWorkflow.run,
            ProvisionProject(contract=contract, version=version, actor="handoff"),
            id=f"provision_project/{contract}/{version}",
            task_queue=options.WORKFLOWS,
            search_attributes=of_engagement(contract, f"{contract}.{version}"),
        )

    async def hear(self, contract: str, *event_ids: str, **more: Any) -> Handle:
        """Deliveries arrive and are handed to the engagement; answers it."""
        for number in await self.firm.receive(contract, *event_ids, **more):
            await start_engagement(self.client, contract, number)
        return self.client.get_workflow_handle(f"engagement/{contract}")

    async def ran(self, run: Any, workflow_id: str, *arguments: Any) -> Handle:
        """A short workflow, to its end."""
        handle: Handle = await self.client.start_workflow(run, args=arguments, id=workflow_id, task_queue=options.WORKFLOWS)
        await handle.result()
        return handle

    async def began(self, run: Any, workflow_id: str, *arguments: Any) -> Handle:
        """A workflow that people will be asked by."""
        handle: Handle = await self.client.start_workflow(run, args=arguments, id=workflow_id, task_queue=options.WORKFLOWS)
        return handle

    def handoff(self, contract: str, version: int = 1) -> "WorkflowHandle[ProvisionProjectWorkflow, Provisioned]":
        """The handoff that an engagement started."""
        return self.client.get_workflow_handle_for(ProvisionProjectWorkflow.run, f"provision_project/{contract}/{version}")

    # Waiting and settling.

    async def until(self, holds: Callable[[], Awaitable[Any]], what: str) -> Any:
        """Look until it holds."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            if answer := await holds():
                return answer
            await asyncio.sleep(0.02)
        raise AssertionError(f"it did not come to pass: {what}")

    async def entered(self, held: Fault) -> None:
        """Wait until a held call has begun."""
        await asyncio.wait_for(held.entered.wait(), PATIENCE)

    async def cases(self, contract: str) -> list[Case]:
        """The open exceptions of an engagement."""
        return list(await self.firm.books.cases.list(CaseFilter(engagement=contract)))

    async def case(self, contract: str, code: str, subject: str | None = None) -> Case:
        """An exception, once it is open and its workflow waits for it."""

        async def waits() -> Case | None:
            for case in await self.cases(contract):
                if case.code == code and subject in {None, case.subject} and await self._is_waited_for(case):
                    return case
            return None

        found: Case = await self.until(waits, f"{code} of {contract}")
        return found

    async def settle(self, contract: str, code: str, decision: Decision, *, subject: str | None = None, **more: Any) -> Case:
        """A person decides: in the queue, then the workflow hears it (as operations does)."""
        case = await self.case(contract, code, subject)
        await self.firm.books.cases.settle(case.number, decision, actor="ann", reason="because", adopt=more.get("adopt", ""))
        await self.tell(case, decision, **more)
        return case

    async def tell(self, case: Case, decision: Decision, **more: Any) -> None:
        """Only the workflow hears it."""
        settlement = Settlement(number=case.number, decision=decision, actor="ann", reason="because", **more)
        await self.client.get_workflow_handle(case.workflow_id).execute_update("settle", settlement, result_type=str)

    async def status(self, contract: str) -> str:
        """What the board says."""
        row = await self.firm.books.engagements.read(contract)
        return row.status.value if row and row.status else ""

    async def reached(self, contract: str, status: str) -> None:
        """Wait for the board."""

        async def is_there() -> bool:
            return await self.status(contract) == status

        await self.until(is_there, f"{contract} is {status}")

    async def runs_of(self, workflow_id: str) -> list[Ended]:
        """How each run of a workflow ended; the engine's list may be a moment behind what it says of the newest one."""

        async def listed() -> tuple[list[Ended]] | None:
            newest = await self._newest_run(workflow_id)
            runs = {run.run_id: run.status async for run in self.client.list_workflows(f"WorkflowId = '{workflow_id}'")}
            return (list(runs.values()),) if newest is None or newest in runs.items() else None

        runs: tuple[list[Ended]] = await self.until(listed, f"the runs of {workflow_id} are listed")
        return runs[0]

    async def activities_of(self, handle: Handle) -> list[str]:
        """The activities in the order in which they were scheduled."""
        history = await handle.fetch_history()
        return [
            event.activity_task_scheduled_event_attributes.activity_type.name
            for event in history.events
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        ]

    def living(self, contract: str) -> dict[str, list[str]]:
        """What lives of a contract in each system that makes things."""
        firm = self.firm
        makers = {"psa": firm.psa, "erp": firm.erp, "documents": firm.documents}
        return {name: kinds for name, system in makers.items() if (kinds := system.living(contract))}

    async def _newest_run(self, workflow_id: str) -> tuple[str, Ended] | None:
        try:
            described = await self.client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None
        return described.run_id, described.status

    async def _is_waited_for(self, case: Case) -> bool:
        if not case.workflow_id:
            return True
        numbers: list[int] = await self.client.get_workflow_handle(case.workflow_id).query("waits_for", result_type=list[int])
        return case.number in numbers


@asynccontextmanager
async def open_house(*, is_encrypted: bool = True, home: Path | None = None) -> AsyncIterator[House]:
    """Engine, database and workers for as long as the block runs."""
    async with AsyncExitStack() as stack:
        place = home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = await stack.enter_async_context(Postgres(place / "postgres", durable=False))
        await upgrade(await postgres.create_database("house"), clock_moves=True)
        database = await stack.enter_async_context(await Database.open(postgres.dsn("house", role=APP), most=20))
        temporal = await stack.enter_async_context(EarlyToContinue(place / "temporal", in_memory=True, search_attributes=TYPES))
        ring = KeyRing({"k1": os.urandom(32)}, "k1") if is_encrypted else None
        client = await Client.connect(temporal.address, plugins=[handoff_plugin(ring)])
        house = House(Firm(quick_books(database)), client)
        await house.open()
        stack.push_async_callback(house.close)
        yield house
