"""A gateway for each module over a database of its own; Temporal runs once for the session, in memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client

from ledger.books import Books
from runtime.embedded.postgres import APP, Postgres
from runtime.embedded.temporal import Temporal
from runtime.plugin import handoff_plugin
from tests.gateway.house import House, a_house
from tests.ledger.conftest import database_name, server
from workflows.search_attributes import TYPES

__all__ = ["database_name", "server"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def books(server: Postgres, database_name: str) -> AsyncIterator[Books]:
    """The ledger, as the application's role."""
    async with Books.open(server.dsn(database_name, role=APP)) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """Connected to an engine where no worker runs."""
    async with Temporal(Path(tmp_path_factory.mktemp("temporal")), in_memory=True, search_attributes=TYPES) as temporal:
        yield await Client.connect(temporal.address, plugins=[handoff_plugin(None)])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(books: Books, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The gateway without the engine, which most requests do not need."""
    async with a_house(books, Path(tmp_path_factory.mktemp("house"))) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def whole_house(books: Books, client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The gateway with the engine."""
    async with a_house(books, Path(tmp_path_factory.mktemp("house")), temporal=client) as opened:
        yield opened
