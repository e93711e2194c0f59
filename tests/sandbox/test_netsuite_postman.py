"""Oracle's own collection of requests (SuiteWorld 2024), replayed against the simulated account."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.vendor import SimulatedVendor
from tests.sandbox.netsuite_client import HARBOR, LocalRest, as_new, refusal_of, served

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the client's own, of its libraries
COLLECTION = Path(__file__).parents[3] / "shared/contracts/netsuite/oracle_suitetalk_rest_postman.json"
WORDS = {"thisYearStart": "1/1/2026", "thisYearEnd": "1/1/2027", "last_async_job": "1", "REST_SERVICES": ""}


def requests() -> dict[str, dict[str, Any]]:
    """Each request by its number (``3.1``); where Oracle gave one twice, the first."""
    if not COLLECTION.exists():
        pytest.skip(f"Oracle's collection is not at {COLLECTION}")
    found: dict[str, dict[str, Any]] = {}
    for name, request in _leaves(json.loads(COLLECTION.read_text())["item"]):
        number = re.match(r"Ex (\d\.\d)", name)
        if number:
            found.setdefault(number[1], request)
    return found


def _leaves(items: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in items:
        if "item" in item:
            yield from _leaves(item["item"])
        else:
            yield item["name"], item["request"]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SimulatedVendor, str, Path]]:
    with served(tmp_path_factory.mktemp("netsuite")) as given:
        yield given


@pytest.fixture
def client(account: tuple[SimulatedVendor, str, Path], monkeypatch: pytest.MonkeyPatch) -> LocalRest:
    return as_new(account, monkeypatch)


async def send(client: LocalRest, request: dict[str, Any], body: dict[str, Any] | None = None) -> Any:
    """Oracle's verb, address, headers and body; ``body`` replaces one that is not JSON (3.1 lacks a comma)."""

    def filled(text: str) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda found: WORDS[found[1]], text)

    path, _, query = filled(request["url"]["raw"]).partition("?")
    params = dict(pair.split("=", 1) for pair in query.split("&")) if query else {}
    headers = {header["key"]: header["value"] for header in request.get("header", [])}
    text = json.dumps(body) if body else filled((request.get("body") or {}).get("raw", ""))
    return await client.request(request["method"], path, params=params, headers=headers, data=text.encode())


OUTCOMES = [("1.1", 200), ("2.1", 200), ("4.3", 200), ("3.3", 404), ("3.2", 404), ("1.2", 404)]


@pytest.mark.parametrize(("number", "status"), OUTCOMES)
async def test_a_request_of_oracles_collection(client: LocalRest, number: str, status: int) -> None:
    """Messages are a record type that this account has not; without a job there is none to ask for."""
    answer = await send(client, requests()[number], HARBOR if number == "3.2" else None)
    assert answer.status_code == status, answer.text
    assert number != "1.1" or "companyName" in answer.json()["components"]["schemas"]["customer"]["properties"]


async def test_the_asynchronous_story_of_oracles_collection(client: LocalRest) -> None:
    """Submitted, submitted again under the same key, asked for by job, task and result."""
    known = requests()
    first = await send(client, known["3.1"], HARBOR)
    assert (first.status_code, first.headers["Location"]) == (202, "/services/rest/async/v1/job/1")
    again = await send(client, known["3.1"], HARBOR)
    assert (again.status_code, refusal_of(again), again.headers["Location"]) == (
        400,
        "IDEMPOTENCY_ERROR",
        first.headers["Location"],
    )
    job, task = await send(client, known["3.3"]), await send(client, known["3.4"])
    assert (job.json()["progress"], task.json()["progress"]) == ("succeeded", "succeeded")
    result = await send(client, known["3.5"])
    assert result.headers["Location"].partition("/services/rest/record/v1/customer/")[2].isdigit()
