"""One supervised child process: started in a group of its own, waited for until healthy, stopped in order or by force."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

LEASH = Path(__file__).with_name("leash.py")
LOG_LINES_SHOWN = 12


class PartFailed(Exception):
    """A part of the stack did not start or did not stay; says which, what was waited for, its last words and the remedy."""

    def __init__(self, part: str, what: str, *, remedy: str, log: Path | None = None) -> None:
        self.part, self.what, self.remedy, self.log = part, what, remedy, log
        self.last_lines = last_lines(log) if log else []
        super().__init__(self._told())

    def _told(self) -> str:
        quoted = [f"  | {line}" for line in self.last_lines]
        where = [f"The last lines of {self.log}:", *quoted] if quoted else ([f"Its log {self.log} is empty."] if self.log else [])
        return "\n".join([f"{self.part} {self.what}.", *where, self.remedy])


@dataclass(frozen=True)
class Check:
    """When a part counts as started: in words for the message, and as a question about its process, asked until it holds."""

    waits_for: str
    passes: Callable[[int], Awaitable[bool]]


@dataclass(frozen=True)
class Program:
    """What to run, and how to know that it runs. ``ports`` are those on which it listens itself: another may answer there."""

    name: str
    command: Sequence[str]
    log: Path
    check: Check
    remedy: str
    ports: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    patience: float = 90.0  # a busy machine imports slowly; one that ends says so at once
    grace: float = 10.0
    stop_signal: signal.Signals = signal.SIGTERM
    account: str | None = None
    reach: bool = False


def leashed(command: Sequence[str], end: signal.Signals, *, account: str | None = None, reach: bool = False) -> list[str]:
    """The command behind the leash that sends it this signal when our process ends, and drops to the account."""
    options = ["--parent", str(os.getpid()), "--signal", str(int(end))]
    options += ["--account", account] if account else []
    options += ["--reach"] if reach else []
    return [sys.executable, "-I", "-S", str(LEASH), *options, "--", *command]


class Process:
    """The running program. Start it from a thread that lives as long: the kernel ends it with the thread that started it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it and wait until its check passes; a process that is not healthy in time is ended again."""
        if self.running:
            return
        self._spawn()
        try:
            await self._until_healthy()
        except BaseException:
            self.kill_hard()
            raise

    async def stop(self) -> None:
        """Ask it to end; after the grace time, insist."""
        if self.running:
            self._signal(self.program.stop_signal, group=False)
            await self._until_ended(self.program.grace)
        self.kill_hard()

    async def restart(self) -> None:
        """Stop and start again; the log goes on in the same file."""
        await self.stop()
        await self.start()

    def kill_hard(self) -> None:
        """End it and its group at once, as a crash would."""
        if self._child is None:
            return
        self._signal(signal.SIGKILL, group=True)
        self._child.wait()
        self._child = None

    def _spawn(self) -> None:
        self.program.log.parent.mkdir(parents=True, exist_ok=True)
        with self.program.log.open("ab") as log:
            self._child = subprocess.Popen(
                leashed(self.program.command, self.program.stop_signal, account=self.program.account, reach=self.program.reach),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.program.folder,
                env={**os.environ, **self.program.environment},
                start_new_session=True,
            )

    async def _until_healthy(self) -> None:
        check, deadline, pause = self.program.check, time.monotonic() + self.program.patience, 0.01
        while self._child and self.running:
            if await check.passes(self._child.pid) and listens(self._child.pid, self.program.ports):
                return
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready after {self.program.patience:g} s of waiting for {check.waits_for}")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        raise self._failed(f"ended {_outcome(self._child)} while we waited for {check.waits_for}")

    async def _until_ended(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody sets an event when a child ends
            await asyncio.sleep(0.01)

    def _signal(self, number: signal.Signals, *, group: bool) -> None:
        if self._child is None or (self._child.poll() is not None and not group):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            (os.killpg if group else os.kill)(self._child.pid, number)

    def _failed(self, what: str) -> PartFailed:
        return PartFailed(self.program.name, what, remedy=self.program.remedy, log=self.program.log)


def _outcome(child: subprocess.Popen[bytes] | None) -> str:
    code = child.poll() if child else None
    if code is not None and code < 0:
        return f"by {signal.Signals(-code).name}"
    return f"with exit code {code}"


def listens(pid: int, ports: Collection[int]) -> bool:
    """Whether this very process, or a child of it, listens on all of these ports."""
    if not ports:
        return True
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [(top := psutil.Process(pid)), *top.children(recursive=True)]
        connections = (one for process in family for one in process.net_connections("tcp"))
        return {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}.issuperset(ports)
    return False


def last_lines(log: Path, count: int = LOG_LINES_SHOWN) -> list[str]:
    """The end of a log file, for people to read."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8_192))
        return file.read().decode(errors="replace").splitlines()[-count:]
