"""A real Tryton for the session, over a clone of its prepared template; without its environment every test here is skipped."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from connectors.tryton.client import Tryton as Connector
from connectors.tryton.client import connect
from runtime.embedded.plan import ROOT
from runtime.embedded.tryton.installation import Installation
from runtime.embedded.tryton.server import Host, Tryton, hosted
from tests.tryton.relay import Books
from tests.tryton.world import settings

HOME = ROOT / ".handoff" / "tryton-tests"
ABSENT = "Tryton is not installed: make test-tryton installs it into .venv-tryton"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first preparation of the template takes minutes on a slow machine, and counts for the first test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(900))
            if not Installation().is_there:
                item.add_marker(pytest.mark.skip(reason=ABSENT))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def host() -> AsyncIterator[Host]:
    """The prepared template, for whoever wants a Tryton of their own."""
    async with hosted(HOME) as prepared:
        yield prepared


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tryton(host: Host) -> AsyncIterator[Tryton]:
    """Served for the whole session; its tests use references of their own."""
    async with host.serving("contract") as server:
        yield server


@pytest.fixture
async def connector(tryton: Tryton) -> AsyncIterator[Connector]:
    """Straight at the server."""
    opened = connect("tryton", settings(tryton))
    yield opened
    await opened.aclose()


@pytest.fixture(scope="session")
def books(tryton: Tryton) -> Books:
    """The same books by plain HTTP."""
    return Books(tryton)
