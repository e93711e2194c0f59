"""The bare side of the provisioning bench: the recorded calls of a handoff as a workflow of single activities."""

from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.bare_workflow import BARE_QUEUE, BareProvision, BareProvisionWorkflow, Shape
from bench.ground import Ground
from bench.script import Script


class Bare:
    """Bare handoffs on this ground."""

    def __init__(self, client: Client, script: Script) -> None:
        self._client = client
        self._calls = [Shape(number=call.number, needs=call.needs, uses=call.uses) for call in script.calls]

    @classmethod
    async def on(cls, ground: Ground, script: Script) -> "Bare":
        """Connected without codec."""
        address = ground.environment["HANDOFF_TEMPORAL__ADDRESS"]
        return cls(await Client.connect(address, data_converter=pydantic_data_converter), script)

    def handle(self, serial: str) -> WorkflowHandle[Any, Any]:
        """The bare handoff of this contract."""
        return self._client.get_workflow_handle(_id(serial))

    async def run(self, serial: str) -> None:
        """One bare handoff to its end."""
        asked = BareProvision(serial=serial, calls=self._calls)
        await self._client.execute_workflow(BareProvisionWorkflow.run, asked, id=_id(serial), task_queue=BARE_QUEUE)


def _id(serial: str) -> str:
    return f"bare_provision/{serial}"
