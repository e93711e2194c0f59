"""A real PostgreSQL for the session, and for each module a database of its own, cloned from a migrated one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from ledger.database import Database, Plain
from ledger.migrations.run import upgrade
from runtime.embedded.cluster import SUPERUSER
from runtime.embedded.postgres import APP, Postgres

TEMPLATE = "template_of_the_ledger"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    """One server for all tests of the ledger."""
    postgres = Postgres(Path(tmp_path_factory.mktemp("ledger")), durable=False)
    await postgres.start()
    try:
        await upgrade(await postgres.create_database(TEMPLATE), clock_moves=True)
        yield postgres
    finally:
        await postgres.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database_name(server: Postgres, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A fresh database for the module."""
    name = request.module.__name__.rsplit(".", 1)[-1]
    await server.clone_database(TEMPLATE, name)
    yield name
    await server.drop_database(name)


@pytest_asyncio.fixture(loop_scope="function")
async def database(server: Postgres, database_name: str) -> AsyncIterator[Database]:
    """As the application connects: as the role that owns nothing."""
    async with await Database.open(server.dsn(database_name, role=APP), most=20) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="function")
async def superuser(server: Postgres, database_name: str) -> AsyncIterator[Plain]:
    """Somebody who may do anything, even disable triggers."""
    connection = await asyncpg.connect(server.dsn(database_name, role=SUPERUSER))
    yield connection
    await connection.close()


@pytest.fixture
def one_loop(server: Postgres, database_name: str) -> Iterator[tuple[asyncio.Runner, Database]]:
    """One connection for all examples of a property."""
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(server.dsn(database_name, role=APP), most=2))
        try:
            yield runner, database
        finally:
            runner.run(database.close())
