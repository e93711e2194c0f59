"""The office over a real ledger and a real engine in memory, with the product's own workers over systems that remember."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client

from ledger.books import Books
from operations.dispatch import Dispatcher
from operations.office import Office
from runtime.embedded.postgres import APP, Postgres
from runtime.embedded.temporal import Temporal
from runtime.plugin import handoff_plugin
from runtime.settings import WorkerSettings
from tests.activities.firm import Firm, quick_books
from tests.ledger.conftest import database_name, server
from worker import workers
from workflows.search_attributes import TYPES

__all__ = ["database_name", "server"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def books(server: Postgres, database_name: str) -> AsyncIterator[Books]:
    """The ledger, as the application's role."""
    async with Books.open(server.dsn(database_name, role=APP)) as opened:
        yield quick_books(opened.database)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Temporal]:
    async with Temporal(Path(tmp_path_factory.mktemp("temporal")), in_memory=True, search_attributes=TYPES) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(temporal: Temporal) -> Client:
    return await Client.connect(temporal.address, plugins=[handoff_plugin(None)])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def firm(books: Books) -> Firm:
    return Firm(books)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(firm: Firm, client: Client) -> Office:
    return Office(firm.policies, firm.books, client)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at_work(firm: Firm, client: Client) -> AsyncIterator[None]:
    """Every worker of the product, and its dispatcher."""
    async with contextlib.AsyncExitStack() as stack:
        for worker in workers(client, firm.activities(), firm.policies, WorkerSettings()):
            await stack.enter_async_context(worker)
        await stack.enter_async_context(Dispatcher(client, firm.books.inbox).running())
        yield
