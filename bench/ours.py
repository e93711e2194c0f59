"""Our side of the provisioning bench: handoffs started at the engine as the coordinator would start them."""

import asyncio
from typing import Any

from temporalio.client import Client, WorkflowHandle

from bench.contracts import contract
from bench.ground import Ground
from canonical.engagement import EngagementStatus
from runtime.client import connect
from runtime.codec import KeyRing
from runtime.plugin import handoff_plugin
from runtime.settings import TemporalSettings
from workflows import options
from workflows.provision_project import ProvisionProject, ProvisionProjectWorkflow
from workflows.search_attributes import of_engagement

LONGEST = 120.0


class BenchFailed(Exception):
    """What was measured is not what was meant; says what happened and where to look."""


class Ours:
    """Handoffs of ours on this ground."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @classmethod
    async def on(cls, ground: Ground) -> "Ours":
        """Connected as the gateway is: with our converter and codec."""
        assert ground.plan.keyring is not None
        ring = KeyRing.read(ground.plan.keyring)
        settings = TemporalSettings(address=ground.environment["HANDOFF_TEMPORAL__ADDRESS"])
        return cls(await connect(settings, plugins=[handoff_plugin(ring)]))

    def handle(self, serial: str) -> WorkflowHandle[Any, Any]:
        """The handoff of this contract."""
        return self.client.get_workflow_handle(_id(serial))

    async def run(self, serial: str) -> None:
        """One handoff to its end; one that waits for a person is no handoff, and ends the bench."""
        name = contract(serial)
        handle = await self.client.start_workflow(
            ProvisionProjectWorkflow.run,
            ProvisionProject(contract=name, version=1),
            id=_id(serial),
            task_queue=options.WORKFLOWS,
            search_attributes=of_engagement(name, f"{name}.1"),
            priority=options.fair(name),
        )
        try:
            provisioned = await asyncio.wait_for(handle.result(), LONGEST)
        except TimeoutError:
            pending = (await handle.describe()).raw_description.pending_activities
            waits = "; ".join(f"{one.activity_type.name}: {one.last_failure.message}" for one in pending) or "for a person"
            raise BenchFailed(f"The handoff of {name} did not end in {LONGEST:g} s; it waits: {waits}") from None
        if provisioned.status is not EngagementStatus.ACTIVE:
            raise BenchFailed(f"The handoff of {name} ended {provisioned.status.value}: {provisioned.note}")


def _id(serial: str) -> str:
    return f"provision_project/{contract(serial)}.1"
