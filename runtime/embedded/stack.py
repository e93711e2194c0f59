"""The parts as one: started in order and each waited for, found by other commands, ended together whatever ends us."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self, TextIO

from runtime.embedded import programs
from runtime.embedded.plan import Part, Plan
from runtime.embedded.postgres import Postgres
from runtime.embedded.process import PartFailed, Process
from runtime.embedded.record import Record, Sighting
from runtime.embedded.signals import sigterm_cancels_this_task, told_by_signal
from runtime.embedded.temporal import Temporal

SERVERS = (Part.POSTGRES, Part.TEMPORAL, Part.SANDBOX)
OURS = (Part.GATEWAY, Part.WORKER)
RESTARTS = 3
WATCH_SECONDS = 0.5
SECOND = "To start another you must end that one first (SIGTERM or Ctrl-C), or name another folder in HANDOFF_HOME."

Tell = Callable[[str], None]


class Stack:
    """``async with Stack(plan) as stack``: inside, every part of the plan runs; after, none does."""

    def __init__(self, plan: Plan, *, tell: Tell = lambda _: None) -> None:
        self.plan, self.home, self._tell = plan, plan.home.resolve(), tell
        self.processes: dict[Part, Process] = {}
        self._lock: TextIO | None = None
        self._signals = contextlib.ExitStack()

    async def __aenter__(self) -> Self:
        self._lock = _taken(self.home)
        self._signals.enter_context(sigterm_cancels_this_task())
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def postgres(self) -> Postgres:
        server = self.processes[Part.POSTGRES]
        assert isinstance(server, Postgres)
        return server

    @property
    def temporal(self) -> Temporal:
        server = self.processes[Part.TEMPORAL]
        assert isinstance(server, Temporal)
        return server

    @property
    def temporal_address(self) -> str | None:
        """Ours, or the one that exists already."""
        return self.temporal.address if Part.TEMPORAL in self.processes else self.plan.existing.temporal

    @property
    def app_dsn(self) -> str | None:
        return self.postgres.app_dsn if Part.POSTGRES in self.processes else self.plan.existing.dsn

    @property
    def owner_dsn(self) -> str | None:
        existing = self.plan.existing
        return self.postgres.owner_dsn if Part.POSTGRES in self.processes else existing.owner_dsn or existing.dsn

    @property
    def environment(self) -> dict[str, str]:
        """The settings by which any command talks to this stack."""
        return self.plan.settings(temporal=self.temporal_address, dsn=self.app_dsn, owner_dsn=self.owner_dsn)

    @property
    def addresses(self) -> dict[str, str]:
        """Where each part is reached, for people and for other commands."""
        plan, found = self.plan, dict[str, str | None]()
        found["temporal"] = self.temporal_address
        found["temporal-ui"] = self.temporal.ui_url if Part.TEMPORAL in self.processes else None
        found["postgres"] = f"127.0.0.1:{self.postgres.port}" if Part.POSTGRES in self.processes else None
        found["gateway"] = plan.url_of("gateway") if plan.has(Part.GATEWAY) else None
        found.update({name: plan.url_of(name) for name in plan.vendors if plan.has(Part.SANDBOX)})
        return {name: address for name, address in found.items() if address}

    async def start(self, part: Part) -> None:
        """Start one part again, after it was stopped or killed."""
        await self.processes[part].start()
        self._write_record()

    async def restart(self, part: Part) -> None:
        """Stop one part in order and start it again; the others stay."""
        await self.processes[part].restart()
        self._write_record()

    def kill_hard(self, part: Part) -> None:
        """End one part as a crash would."""
        self.processes[part].kill_hard()

    async def stop(self) -> None:
        """Our programs first, then the servers that they use; then nothing tells others that we run."""
        for group in (OURS, SERVERS):
            present = [self.processes[part] for part in group if part in self.processes]
            await asyncio.gather(*(process.stop() for process in present))
        self.processes.clear()
        if self._lock:
            Record.remove(self.home)
            self._lock.close()
            self._lock = None
        self._signals.close()

    async def until_told_to_stop(self) -> None:
        """Stay until SIGTERM or SIGINT, and start again what ends by itself, a few times."""
        with told_by_signal() as told:
            await self._watch(told)

    async def _start(self) -> None:
        self._end_what_was_left()
        self._build_servers()
        await self._start_together(SERVERS)
        if self.plan.migrate and self.owner_dsn:
            self._tell("bringing the database up to date")
            await self.plan.migrate(self.owner_dsn)
        self._build_ours()
        await self._start_together(OURS)

    def _end_what_was_left(self) -> None:
        """After a kill -9 of the holder its children are on their way out: wait until their ports and files are free."""
        left = Record.read(self.home)
        for process in left.processes.values() if left else ():
            process.end()

    def _build_servers(self) -> None:
        plan = self.plan
        if plan.has(Part.POSTGRES):
            self.processes[Part.POSTGRES] = programs.postgres(plan)
        if plan.has(Part.TEMPORAL):
            self.processes[Part.TEMPORAL] = programs.temporal(plan)
        if plan.has(Part.SANDBOX):
            self.processes[Part.SANDBOX] = programs.sandbox(plan)

    def _build_ours(self) -> None:
        for part, build in ((Part.GATEWAY, programs.gateway), (Part.WORKER, programs.worker)):
            if self.plan.has(part):
                self.processes[part] = build(self.plan, self.environment)

    async def _start_together(self, parts: Iterable[Part]) -> None:
        """At the same time; the first that fails stops the waiting for the others."""
        try:
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    if part in self.processes:
                        group.create_task(self._start_one(part))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            self._write_record()

    async def _start_one(self, part: Part) -> None:
        self._tell(f"starting {part}")
        await self.processes[part].start()

    def _write_record(self) -> None:
        running = {part: process.pid for part, process in self.processes.items() if process.running}
        sightings = {str(part): Sighting.of(pid) for part, pid in running.items() if pid}
        holder = Sighting.of(os.getpid())
        Record(holder=holder, addresses=self.addresses, processes=sightings, environment=self.environment).write(self.home)

    async def _watch(self, told: asyncio.Event) -> None:
        restarts = dict.fromkeys(self.processes, RESTARTS)
        while not told.is_set():
            for part, process in self.processes.items():
                if not process.running:
                    restarts[part] -= 1
                    await self._revive(part, process, again=restarts[part] >= 0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), WATCH_SECONDS)

    async def _revive(self, part: Part, process: Process, *, again: bool) -> None:
        if not again:
            raise PartFailed(process.program.name, "keeps ending", remedy=process.program.remedy, log=process.program.log)
        self._tell(f"{part} ended by itself; starting it again")
        await self.start(part)


def _taken(home: Path) -> TextIO:
    """The lock of this folder, which the system gives back however its holder ends."""
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise PartFailed("The stack", f"in {home} {_holder(home)}", remedy=SECOND) from None
    return lock


def _holder(home: Path) -> str:
    record = Record.of_running(home)
    return f"is run by process {record.holder.pid} already" if record else "is being started by another process"
