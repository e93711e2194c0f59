"""Those who wait for an outcome are not sent away because a worker is."""

from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from operations.waiting import waits_for_people

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_nobody_is_known_to_wait_while_the_worker_is_away(client: Client) -> None:
    handle = await client.start_workflow("release_invoice", id=f"waiting/{uuid4().hex}", task_queue="nobody-works-here")
    assert await waits_for_people(handle) is False


async def test_a_workflow_that_the_engine_does_not_know_is_an_error(client: Client) -> None:
    with pytest.raises(RPCError) as refused:
        await waits_for_people(client.get_workflow_handle(f"waiting/{uuid4().hex}"))
    assert refused.value.status is RPCStatusCode.NOT_FOUND
