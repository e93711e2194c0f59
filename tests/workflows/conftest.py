"""One house for all tests of workflows."""

from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from tests.workflows.house import House, open_house

_NUMBERS = count(1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(home=tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def contract(request: pytest.FixtureRequest) -> str:
    """A contract of the test's own."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name.removeprefix("test_"))
    return f"W{next(_NUMBERS)}-{name[:50].strip('-')}"
