"""What a running stack tells other commands: ``stack.json`` in its folder, with every address, process and setting."""

import contextlib
import os
import time
from pathlib import Path
from typing import Self

import psutil
from pydantic import BaseModel, ConfigDict

FILE = "stack.json"
CLOCK_SLACK = 2.0  # a start is told in wall-clock time, which may be set right a little in between


class Sighting(BaseModel):
    """A process told apart from a later one with the same number, by the moment it started."""

    model_config = ConfigDict(frozen=True)
    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(pid=pid, started=psutil.Process(pid).create_time())

    @property
    def alive(self) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < CLOCK_SLACK
            return same and process.status() != psutil.STATUS_ZOMBIE
        return False

    def end(self, patience: float = 10.0) -> None:
        """Wait until it has ended by itself, then insist; another process that got its number is left alone."""
        if self._ended_within(patience):
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(self.pid).kill()
        self._ended_within(patience)

    def _ended_within(self, seconds: float) -> bool:
        """psutil's own waiting would count a zombie as alive, and in a container nobody may ever collect it."""
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.alive


class Record(BaseModel):
    """One run of a stack. ``environment`` is what a command needs to talk to it, passwords included: the file is ours alone."""

    model_config = ConfigDict(frozen=True)
    holder: Sighting
    addresses: dict[str, str] = {}
    processes: dict[str, Sighting] = {}
    environment: dict[str, str] = {}

    @classmethod
    def read(cls, home: Path) -> Self | None:
        """The record in this folder, of a stack that runs or was killed; none where the last one stopped in order."""
        file = home / FILE
        return cls.model_validate_json(file.read_text()) if file.exists() else None

    @classmethod
    def of_running(cls, home: Path) -> Self | None:
        """The record of the stack that runs now in this folder."""
        record = cls.read(home)
        return record if record and record.holder.alive else None

    def write(self, home: Path) -> None:
        """Replace the file in one step, readable by us only."""
        new = home / f"{FILE}.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.model_dump_json(indent=2))
        new.replace(home / FILE)

    @staticmethod
    def remove(home: Path) -> None:
        (home / FILE).unlink(missing_ok=True)
