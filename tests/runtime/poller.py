"""A small real worker, for the test of the worker's health check: ``python -m tests.runtime.poller ADDRESS QUEUE``."""

import asyncio
import sys

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker


@workflow.defn
class Nothing:
    @workflow.run
    async def run(self) -> None: ...


async def poll(address: str, queue: str) -> None:
    """Work until ended."""
    await Worker(await Client.connect(address), task_queue=queue, workflows=[Nothing]).run()


if __name__ == "__main__":
    asyncio.run(poll(*sys.argv[1:]))
