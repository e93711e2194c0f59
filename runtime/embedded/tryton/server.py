"""Tryton as a supervised part: a template database prepared once, a clone of it for each use, served on the loopback address."""

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import asyncpg
import httpx2 as httpx

from runtime.embedded.plan import ROOT
from runtime.embedded.ports import LOOPBACK, free_ports
from runtime.embedded.postgres import OWNER, Postgres
from runtime.embedded.process import Check, PartFailed, Process, Program
from runtime.embedded.tryton import installation
from runtime.embedded.tryton.books import INTEGRATION, make_books
from runtime.embedded.tryton.installation import BOOKS, LOCK, MODULES, PART, Installation, fingerprint
from runtime.embedded.tryton.session import Refused, Session

ADMIN = "admin"
_RETRIES = "20"  # at the default of 5, two writers that meet on one sequence are answered 503
_UNFINISHED = "tryton_unfinished"


@dataclass(frozen=True)
class Passwords:
    """Random, and kept as long as the template whose users have them."""

    admin: str
    integration: str

    @classmethod
    def kept_in(cls, file: Path) -> Self:
        """Those of this file; made at the first time."""
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            made = {name: secrets.token_urlsafe(24) for name in ("admin", "integration")}
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                json.dump(made, new)
        return cls(**json.loads(file.read_text()))


class Tryton(Process):
    """One database, served. Two users are in it: ``admin`` and the integration user, which is none."""

    def __init__(self, postgres: Postgres, database: str, home: Path, *, port: int = 0) -> None:
        self.database, self.port = database, port or free_ports(1)[0]
        self.passwords = Passwords.kept_in(home / "passwords.json")
        self.login = INTEGRATION
        self._log = home / "trytond.log"
        super().__init__(self._program(_environment(postgres, home, self.port)))

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def _program(self, environment: Mapping[str, str]) -> Program:
        return Program(
            name=PART,
            command=[
                str(Installation().server),
                "-d",
                self.database,
            ],  # named, so that its tables are known before the first call
            log=self._log,
            check=Check(f"Tryton's version at {self.url}", self._answers),
            remedy=f"To start it you must correct what its log {self._log} says.",
            ports=(self.port,),
            environment=environment,
            patience=60,
            folder=ROOT,
        )

    async def _answers(self, _: int) -> bool:
        asked = {"id": 0, "method": "common.server.version", "params": []}
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            with contextlib.suppress(httpx.TransportError):
                return (await client.post(f"{self.url}/rpc/", json=asked)).is_success
        return False


def _environment(postgres: Postgres, home: Path, port: int) -> dict[str, str]:
    """Tryton's settings by environment, so that no password stands in a file of its own."""
    return {
        "TRYTOND_DATABASE__URI": postgres.dsn("").rstrip("/"),
        "TRYTOND_DATABASE__PATH": str((home / "files").resolve()),
        "TRYTOND_DATABASE__RETRY": _RETRIES,
        "TRYTOND_WEB__LISTEN": f"{LOOPBACK}:{port}",
        "TRYTOND_LOGGING_LEVEL": "30",
    }


@dataclass(frozen=True)
class Host:
    """The prepared template over its PostgreSQL: a Tryton with empty books comes of it in seconds, as often as one is wanted."""

    postgres: Postgres
    home: Path
    template: str

    @asynccontextmanager
    async def serving(self, name: str, *, port: int = 0) -> AsyncIterator[Tryton]:
        """A fresh clone under this name, served for as long as the block runs; then nothing of it is left."""
        await self.postgres.clone_database(self.template, name)
        try:
            async with await self._started(name, port) as server:
                yield server
        finally:
            await self.postgres.drop_database(name)

    async def _started(self, name: str, port: int) -> Tryton:
        """Where it does not start, once more on another port: another program may have taken the first meanwhile."""
        server = Tryton(self.postgres, name, self.home, port=port)
        try:
            await server.start()
        except PartFailed:
            if port:
                raise
            server = Tryton(self.postgres, name, self.home)
        return server


@asynccontextmanager
async def hosted(home: Path, *, durable: bool = False) -> AsyncIterator[Host]:
    """Ready to serve for as long as the block runs; ``home`` keeps the template for the next time."""
    Installation().require()
    async with Postgres(home / "postgres", durable=durable) as postgres:
        yield Host(postgres, home, await _template(postgres, home))


@asynccontextmanager
async def served(home: Path, name: str = "erp", *, port: int = 0, durable: bool = False) -> AsyncIterator[Tryton]:
    """One of them."""
    async with hosted(home, durable=durable) as host, host.serving(name, port=port) as server:
        yield server


async def _template(postgres: Postgres, home: Path) -> str:
    """The prepared database of these versions and books; an interrupted preparation leaves nothing that bears its name."""
    name = f"tryton_books_{fingerprint(LOCK, *BOOKS)}"
    if await _exists(postgres, name):
        return name
    await postgres.clone_database(await _with_modules(postgres, home), _UNFINISHED)
    async with Tryton(postgres, _UNFINISHED, home) as server:
        await _configure(server)
    await _finished(postgres, name)
    return name


async def _with_modules(postgres: Postgres, home: Path) -> str:
    """The tables and modules alone: the slow part, which new books do not repeat."""
    name = f"tryton_modules_{fingerprint(LOCK, Path(installation.__file__))}"
    if await _exists(postgres, name):
        return name
    await postgres.drop_database(_UNFINISHED)
    await postgres.create_database(_UNFINISHED)
    await asyncio.to_thread(_activate, postgres, home, Passwords.kept_in(home / "passwords.json"))
    await _finished(postgres, name)
    return name


async def _finished(postgres: Postgres, name: str) -> None:
    await postgres.clone_database(_UNFINISHED, name)
    await postgres.drop_database(_UNFINISHED)


async def _exists(postgres: Postgres, name: str) -> bool:
    with contextlib.suppress(asyncpg.InvalidCatalogNameError):
        await (await asyncpg.connect(postgres.dsn(name, role=OWNER))).close()
        return True
    return False


def _activate(postgres: Postgres, home: Path, passwords: Passwords) -> None:
    """Tables first, then modules: Tryton's own two steps."""
    password = home / "admin.tmp"
    password.touch(mode=0o600)
    password.write_text(passwords.admin)
    environment = {**os.environ, **_environment(postgres, home, 0), "TRYTONPASSFILE": str(password.resolve())}
    command = [str(Installation().admin), "-d", _UNFINISHED]
    try:
        _run([*command, "--all", "--email", "admin@example.com"], environment, home)
        _run([*command, "-u", *MODULES, "--activate-dependencies"], environment, home)
    finally:
        password.unlink()


def _run(command: list[str], environment: Mapping[str, str], home: Path) -> None:
    log = home / "trytond.log"
    with log.open("ab") as output:
        done = subprocess.run(command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        raise PartFailed(
            PART, "could not prepare its database", remedy=f"To prepare it you must correct what {log} says.", log=log
        )


async def _configure(server: Tryton) -> None:
    session = await Session.opened(server.url, server.database, ADMIN, server.passwords.admin)
    try:
        await make_books(session, server.passwords.integration)
    except Refused as refused:
        remedy = "To prepare it you must correct runtime/embedded/tryton/books.py for this version of Tryton."
        raise PartFailed(PART, f"refused a step of its preparation: {refused}", remedy=remedy) from refused
    finally:
        await session.close()
