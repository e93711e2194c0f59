"""Whether something on a stage is still under way: a delivery or write, a workflow with something to do, a call to a vendor."""

import asyncio

from rehearsal.scene import Scene

_UNDECIDED = """
SELECT key FROM effects WHERE state IN ('reserved', 'calling', 'unknown')
UNION ALL SELECT event_id FROM inbox WHERE outcome IS NULL
"""
_MOMENT = 1.0


async def is_undecided(scene: Scene) -> bool:
    """Some delivery or write has no outcome yet."""
    return bool(await scene.view.rows(_UNDECIDED))


async def calls_seen(scene: Scene) -> int:
    """How many calls the vendors saw so far."""
    return sum([len(await vendor.calls()) for vendor in scene.stage.vendors.by_name.values()])


async def is_moving(scene: Scene) -> bool:
    """Something is undecided, a workflow has something to do, or a vendor is called within a moment."""
    if await is_undecided(scene) or await _is_working(scene):
        return True
    before = await calls_seen(scene)
    await asyncio.sleep(_MOMENT)
    return await calls_seen(scene) != before


async def _is_working(scene: Scene) -> bool:
    """Some workflow has an activity or a task before it; one that waits for people, signals or a time has neither."""
    client = scene.office.client
    async for one in client.list_workflows('ExecutionStatus = "Running"'):
        told = (await client.get_workflow_handle(one.id, run_id=one.run_id).describe()).raw_description
        if told.pending_activities or told.HasField("pending_workflow_task"):
            return True
    return False
