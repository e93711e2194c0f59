"""What happens to everybody: faults, crashes, time, and the engine's forgetting."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.service import RPCError, RPCStatusCode

from policies.shape import Shape
from rehearsal.record import Json
from rehearsal.scene import Scene, StepFailed
from rehearsal.steps.verb import Nothing, brief
from rehearsal.systems.registry import SystemName
from rehearsal.vendors import Vendor
from rehearsal.words import Stretch, spoken
from runtime.embedded import plan

_INDEXED = 3.0  # the engine deletes what it has not indexed as ended only at a later try
_FORGOTTEN = timedelta(seconds=90)


class Which(Shape):
    """Which calls of a vendor are meant; what is not given matches everything."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: str | None = Field(default=None, description="regular expression, searched in the path with its query")
    body: str | None = Field(default=None, description="regular expression, searched in the body")
    writes: bool | None = None


class Fault(Shape):
    """Something that a vendor does wrong from now on; the kinds are those of the simulated systems."""

    system: SystemName
    kind: Literal["answer", "outage", "slow", "lose_answer", "drop_connection", "invisible", "partial"]
    on: Which = Which()
    skip: int = Field(default=0, ge=0)
    times: int | None = 1
    status: int | None = None
    lasts: Stretch = timedelta()
    headers: dict[str, str] = {}
    body: Any = None
    quantity: int = Field(default=0, ge=0)


class Hold(Shape):
    """The next such call is carried out and its answer kept back, until the crash that waits for it."""

    name: str = "held"
    system: SystemName
    on: Which = Which(writes=True)
    skip: int = Field(default=0, ge=0)


class Crash(Shape):
    """The worker is killed with -9 and started again; with ``once_held`` when that call is carried out and unanswered."""

    once_held: str | None = None
    within: Stretch = timedelta(seconds=30)
    stays_down: bool = False


class Part(Shape):
    """A part of the product."""

    part: Literal["worker", "gateway"] = "worker"


class Lift(Shape):
    """Whose faults end; everybody's unless a system is named."""

    system: SystemName | None = None


class FateVerbs(Shape):
    """The verbs of this topic."""

    fault: Fault | None = None
    lift: Annotated[Lift, brief(Lift, "system")] | None = None
    hold: Hold | None = None
    crash: Annotated[Crash, brief(Crash, "once_held")] | None = None
    bring_up: Annotated[Part, brief(Part, "part")] | None = None
    advance: Stretch | None = Field(default=None, description="business time and the vendors' clocks move on")
    pause: Stretch | None = Field(default=None, description="real time passes")
    sweep: Nothing | None = None
    forget_engine: Nothing | None = Field(
        default=None, description="every workflow execution is deleted, as the engine's retention does in time"
    )


class Fate:
    """Nobody's wish."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._stage, self._holds = scene, scene.stage, dict[str, Hold]()

    async def fault(self, given: Fault) -> None:
        """From now on."""
        fault = given.model_dump(mode="json", exclude={"system", "lasts"}, exclude_none=True) | {"times": given.times}
        await self._stage.vendors[given.system].add_fault({**fault, "seconds": given.lasts.total_seconds()})

    async def lift(self, given: Lift) -> None:
        """No more."""
        await (self._stage.vendors[given.system].lift() if given.system else self._stage.vendors.lift())

    async def hold(self, given: Hold) -> None:
        """Keep an answer back."""
        self._holds[given.name] = given
        on = given.on.model_dump(exclude_none=True)
        await self._stage.vendors[given.system].add_fault({"kind": "hold", "name": given.name, "on": on, "skip": given.skip})

    async def crash(self, given: Crash) -> None:
        """Kill -9, and up again unless it stays down."""
        if given.once_held is None:
            await self._stage.crash_worker()
        else:
            await self._crash_once_held(given.once_held, given.within)
        if not given.stays_down:
            await self._stage.bring_up()

    async def bring_up(self, given: Part) -> None:
        """Start what is down."""
        await self._stage.bring_up(plan.Part(given.part))

    async def advance(self, by: timedelta) -> None:
        """Business time and the vendors' clocks move on together; what the engine counts stays real."""
        self._stage.ahead += by
        await self._stage.vendors.set_clocks(self._stage.ahead)
        await self._scene.office.move_clock(by=by)

    async def pause(self, given: timedelta) -> None:
        """Real time passes."""
        await asyncio.sleep(given.total_seconds())

    async def sweep(self, _: Nothing) -> None:
        """The watchman's round."""
        await self._scene.office.sweep()

    async def forget_engine(self, _: Nothing) -> None:
        """Every execution, open or closed, is deleted."""
        client = self._scene.office.client

        executions = [(w.id, w.run_id) async for w in client.list_workflows()]
        for workflow_id, run_id in executions:
            await self._end(workflow_id, run_id)
        await asyncio.sleep(_INDEXED)
        for workflow_id, run_id in executions:
            await self._delete(workflow_id, run_id)

        async def none_left() -> bool | None:
            return True if not any([await self._exists(*execution) for execution in executions]) else None

        if await self._scene.until(none_left, _FORGOTTEN) is None:
            raise StepFailed(f"the engine still has workflows {spoken(_FORGOTTEN)} after they were deleted")

    async def _exists(self, workflow_id: str, run_id: str) -> bool:
        """Asked of the history itself: the list that people see lags behind."""
        try:
            await self._scene.office.client.get_workflow_handle(workflow_id, run_id=run_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def _end(self, workflow_id: str, run_id: str) -> None:
        """Only what is over can be forgotten; the engine deletes what still runs much later."""
        try:
            await self._scene.office.client.get_workflow_handle(workflow_id, run_id=run_id).terminate("forgotten")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _delete(self, workflow_id: str, run_id: str) -> None:
        client = self._scene.office.client
        execution = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
        request = DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
        try:
            await client.workflow_service.delete_workflow_execution(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _crash_once_held(self, name: str, within: timedelta) -> None:
        held = self._holds.get(name)
        if held is None:
            raise StepFailed(f"nothing is held under the name {name}; a step 'hold' must come before")
        vendor = self._stage.vendors[held.system]
        if await self._scene.until(lambda: committed(vendor, name), within) is None:
            raise StepFailed(f"no call to {held.system} was held within {spoken(within)}: none was as 'hold' describes")
        await self._stage.crash_worker()
        await vendor.release(name)


async def committed(vendor: Vendor, name: str) -> Json | None:
    """The call that was carried out and whose answer is kept back under this name."""
    planned = [fault for fault in await vendor.faults() if fault["kind"] == "hold" and fault["name"] == name]
    if not any(fault["hit"] for fault in planned):
        return None
    calls = [call for call in await vendor.calls() if call["fault"] == "hold" and call.get("committed_status")]
    return calls[-1] if calls else None
