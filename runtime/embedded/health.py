"""The questions that tell whether a part is ready, asked over HTTP, TCP or gRPC."""

import asyncio
import contextlib
import ssl
from datetime import timedelta
from functools import cache

import httpx2 as httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from runtime.embedded.process import Check

PROBE_SECONDS = 2.0
WORKFLOW = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW


def http_all_answer(urls: list[str]) -> Check:
    """Ready when each of these addresses answers with success."""

    async def passes(_: int) -> bool:
        async with httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=False, verify=_trusted()) as client:
            with contextlib.suppress(httpx.TransportError):
                answers = await asyncio.gather(*(client.get(url) for url in urls))
                return all(answer.is_success for answer in answers)
        return False

    return Check(f"{' and '.join(urls)} to answer", passes)


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: probes come ten times a second."""
    return httpx.create_ssl_context(trust_env=False)


def temporal_serves(address: str) -> Check:
    """Ready when Temporal's front end says over gRPC that it serves."""

    async def passes(_: int) -> bool:
        client = await Client.connect(address, lazy=True)
        try:
            return await client.service_client.check_health(retry=False, timeout=timedelta(seconds=PROBE_SECONDS))
        except (RPCError, RuntimeError):  # RuntimeError: nothing listens there yet
            return False

    return Check(f"Temporal's gRPC health at {address}", passes)


def worker_polls(address: str, namespace: str, task_queue: str) -> Check:
    """Ready when this very process (an SDK worker is named ``pid@host``) asks for work; a killed one stays listed for minutes."""
    request = DescribeTaskQueueRequest(namespace=namespace, task_queue=TaskQueue(name=task_queue), task_queue_type=WORKFLOW)

    async def passes(pid: int) -> bool:
        with contextlib.suppress(RPCError, RuntimeError):
            client = await Client.connect(address, namespace=namespace)
            described = await client.workflow_service.describe_task_queue(request)
            return any(poller.identity.startswith(f"{pid}@") for poller in described.pollers)
        return False

    return Check(f"its poll of task queue '{task_queue}' in namespace '{namespace}' at {address}", passes)
