"""A real Tryton for the session, over a clone of its prepared template.

Every test here is skipped without its environment, and where nobody asks for this folder: `make test` leaves it to
`make test-tryton`.
"""

import os
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

HOME = ROOT / ".handoff" / "tryton-tests" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
HERE = Path(__file__).parent
ABSENT = "Tryton is not installed: make test-tryton installs it into .venv-tryton"
ELSEWHERE = "make test-tryton runs what needs a real Tryton"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The first preparation of the template takes minutes on a slow machine, and counts for the first test."""
    reason = ABSENT if not Installation().is_there else "" if _is_asked_for(config) else ELSEWHERE
    for item in items:
        if HERE in item.path.parents:
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(900))
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


def _is_asked_for(config: pytest.Config) -> bool:
    """Whether the command line names this folder or something in it."""
    named = [(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args]
    return any(HERE in (path, *path.parents) for path in named)


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
