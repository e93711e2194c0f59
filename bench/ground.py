"""The ground of a bench: the tuned embedded servers, each simulated vendor in a process of its own, and workers beside them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench import contracts
from bench.bare_workflow import BARE_QUEUE
from bench.processor import Meter
from ledger.migrations.run import upgrade
from rehearsal.accounts import Accounts
from rehearsal.systems.registry import SYSTEMS, SystemName
from rehearsal.vendors import Vendors
from runtime.codec import KeyRing
from runtime.embedded import programs
from runtime.embedded.health import http_all_answer, worker_polls
from runtime.embedded.plan import ROOT, Part, Plan
from runtime.embedded.process import Check, Process, Program
from runtime.embedded.stack import Stack
from workflows.search_attributes import TYPES

DEMO = ROOT / "policies" / "demo"
NOBODY = "http://127.0.0.1:9"  # webhooks of the vendors lead nowhere: handoffs are started by the bench


class Ground:
    """Temporal in a file with write-ahead log, PostgreSQL durable: as `make up` runs them."""

    def __init__(self, plan: Plan, stack: Stack, vendors: Vendors, sandboxes: Mapping[SystemName, Process]) -> None:
        self.plan, self.stack, self.vendors, self._sandboxes = plan, stack, vendors, sandboxes

    @property
    def environment(self) -> dict[str, str]:
        """The settings by which a program talks to this ground."""
        return self.stack.environment

    @property
    def addresses(self) -> dict[SystemName, str]:
        """Where the vendors are."""
        return {name: self.plan.url_of(name) for name in SYSTEMS}

    def worker(self, **changes: str) -> Process:
        """Our worker, not started yet, with some settings replaced."""
        return programs.worker(self.plan, {**self.environment, "HANDOFF_TELEMETRY__LOG_LEVEL": "WARNING", **changes})

    def gateway(self) -> Process:
        """Our gateway, not started yet."""
        return programs.gateway(self.plan, {**self.environment, "HANDOFF_TELEMETRY__LOG_LEVEL": "WARNING"})

    def bare_worker(self, script: Path) -> Process:
        """The bare way's worker, not started yet; it plays this script."""
        address = self.environment["HANDOFF_TEMPORAL__ADDRESS"]
        check = worker_polls(address, self.plan.namespace, BARE_QUEUE)
        return _module(self.plan, "bench.bare_worker", [str(script)], check, self.environment)

    def bare_month(self, script: Path) -> "list[str]":
        """The command of the bare loop over a month; it ends by itself and prints what it did."""
        return [sys.executable, "-m", "bench.bare_month", str(script)]

    def bare_inbox(self, port: int) -> Process:
        """The server whose only route is a bare insert, not started yet."""
        check = http_all_answer([f"http://127.0.0.1:{port}/health"])
        return _module(self.plan, "bench.bare_inbox", [str(port)], check, self.environment)

    def meter(self, **more: Process) -> Meter:
        """Of the servers, the vendors, and these processes."""
        servers = {str(part): [process.pid] for part, process in self.stack.processes.items()}
        groups = {**servers, "vendors": [one.pid for one in self._sandboxes.values()], **{n: [p.pid] for n, p in more.items()}}
        return Meter({name: [pid for pid in pids if pid] for name, pids in groups.items()})

    async def seed(self, chosen: list[str]) -> None:
        """Put contracts of these serial numbers into the vendors."""
        found = contracts.seeds(chosen)
        await asyncio.gather(*(self.vendors[name].seed(found[name]) for name in SYSTEMS))

    async def calls(self) -> dict[str, int]:
        """How many calls each vendor has seen."""
        seen = await asyncio.gather(*(self.vendors[name].calls() for name in SYSTEMS))
        return {name: len(calls) for name, calls in zip(SYSTEMS, seen, strict=True)}


@asynccontextmanager
async def ground(home: Path, *, policies: Path = DEMO) -> AsyncIterator[Ground]:
    """Servers and vendors, running until the block ends; what they kept stays in the folder."""
    accounts, keyring = Accounts.fresh(), home / "keyring.json"
    KeyRing.rotate(keyring)
    plan = Plan(
        home=home,
        parts=frozenset({Part.POSTGRES, Part.TEMPORAL}),
        vendors=tuple(SYSTEMS),
        search_attributes=TYPES,
        migrate=upgrade,
        policies=policies,
        keyring=keyring,
        environment=accounts.environment,
        well_known_ports=False,
        web_ui=False,
    )
    sandboxes = {name: _sandbox(plan, name) for name in SYSTEMS}
    async with AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(process) for process in sandboxes.values()))
        servers = await stack.enter_async_context(Stack(plan))
        vendors = await stack.enter_async_context(Vendors({name: plan.url_of(name) for name in SYSTEMS}))
        await vendors.begin(contracts.roomy(accounts.seeds(NOBODY)))
        yield Ground(plan, servers, vendors, sandboxes)


def _sandbox(plan: Plan, name: str) -> Process:
    check = http_all_answer([f"{plan.url_of(name)}/_sandbox/health"])
    return _module(plan, "sandbox.serve", ["--vendor", f"{name}={plan.ports[name]}"], check, {}, log=name)


def _module(
    plan: Plan, module: str, arguments: list[str], check: Check, environment: Mapping[str, str], log: str = ""
) -> Process:
    file = plan.home.resolve() / "logs" / f"{log or module}.log"
    return Process(
        Program(
            name=f"The bench's {log or module}",
            command=[sys.executable, "-m", module, *arguments],
            log=file,
            check=check,
            remedy=f"To run the bench you must correct what its log {file} says.",
            environment={**environment, "PYTHONUNBUFFERED": "1"},
            folder=ROOT,
        )
    )
