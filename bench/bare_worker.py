"""The bare way's worker: ``python -m bench.bare_worker SCRIPT``; a process with the same SDK settings as ours, and no ledger."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
from pydantic import SecretStr
from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from bench.bare_workflow import BARE_QUEUE, BareProvisionWorkflow, MakeCall
from bench.script import LOCATION, Script
from connectors.netsuite.settings import TokenCredentials
from connectors.netsuite.signing import SignedRequests
from rehearsal.systems.registry import SYSTEMS
from runtime.settings import Settings


@dataclass(frozen=True)
class BareActivities:
    """Calls as the script says them."""

    script: Script
    clients: Mapping[str, httpx.AsyncClient]

    @activity.defn
    async def make_call(self, asked: MakeCall) -> dict[str, str]:
        """Make one call; answers the ids that later calls need."""
        call, written = self.script.calls[asked.number], self.script.written
        http = self.clients[call.system]
        url = http.base_url.copy_with(raw_path=written(call.target, asked.serial, asked.known).encode())
        headers = {name: written(pieces, asked.serial, asked.known) for name, pieces in call.headers.items()}
        body = written(call.body, asked.serial, asked.known).encode("latin-1")
        answer = await http.request(call.method, url, headers=headers, content=body or None)
        if answer.status_code != call.status:
            said = f"{call.method} {url} answered {answer.status_code} and not {call.status}: {answer.text[:300]}"
            raise ApplicationError(said, non_retryable=answer.status_code < 500)
        found: Any = answer.json() if any(source.way != [LOCATION] for source in call.finds.values()) else None
        return {name: source.read(found, answer.headers.get(LOCATION, "")) for name, source in call.finds.items()}


async def work(script: Script, settings: Settings, environment: dict[str, str]) -> None:
    """Until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await Client.connect(
        settings.temporal.address, namespace=settings.temporal.namespace, data_converter=pydantic_data_converter
    )
    clients: dict[str, httpx.AsyncClient] = {name: _client(name, environment) for name in SYSTEMS}
    worker = Worker(
        client,
        task_queue=BARE_QUEUE,
        workflows=[BareProvisionWorkflow],
        activities=[BareActivities(script, clients).make_call],
        max_concurrent_workflow_tasks=settings.worker.workflow_tasks,
        max_concurrent_activities=settings.worker.activities,
        max_cached_workflows=settings.worker.cached_workflows,
    )
    async with worker:
        await stop.wait()
    await asyncio.gather(*(http.aclose() for http in clients.values()))


def _client(name: str, environment: dict[str, str]) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=40, max_keepalive_connections=40)
    auth = _signing(environment) if name == "netsuite" else None
    return httpx.AsyncClient(base_url=environment[f"HANDOFF_SANDBOX_{name.upper()}_URL"], limits=limits, timeout=60, auth=auth)


def _signing(environment: dict[str, str]) -> httpx.Auth:
    """NetSuite takes a signature once only, so that recorded ones are of no use."""
    credentials = TokenCredentials(
        consumer_key=environment["HANDOFF_NETSUITE_CONSUMER_KEY"],
        consumer_secret=SecretStr(environment["HANDOFF_NETSUITE_CONSUMER_SECRET"]),
        token_id=environment["HANDOFF_NETSUITE_TOKEN_ID"],
        token_secret=SecretStr(environment["HANDOFF_NETSUITE_TOKEN_SECRET"]),
    )
    return SignedRequests(credentials, realm=environment["HANDOFF_NETSUITE_ACCOUNT"])


def main() -> None:
    """The script from the command line, everything else from the environment."""
    script = Script.model_validate(json.loads(Path(sys.argv[1]).read_text()))
    asyncio.run(work(script, Settings(), dict(os.environ)))


if __name__ == "__main__":
    main()
