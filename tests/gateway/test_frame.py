"""What every answer carries, and what is said while a part that we need is away."""

import logging
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi import FastAPI

from gateway.frame import CAREFUL, Frame
from gateway.problems import handle_problems
from ledger.books import Books
from runtime.embedded.postgres import APP, Postgres
from tests.gateway.house import CONNECT_KEYS, House, a_house, problem_of, served
from tests.gateway.relay import a_relay
from tests.gateway.test_webhooks import completed, connect, signed

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/health"), ("GET", "/openapi.json"), ("GET", "/nowhere"), ("POST", "/v1/handoffs"), ("PUT", "/")],
)
async def test_every_answer_is_careful_with_browsers_and_caches(house: House, method: str, path: str) -> None:
    answer = await house.http.request(method, path)
    assert {name: answer.headers[name] for name in CAREFUL} == CAREFUL
    assert len(answer.headers["x-request-id"]) == 32


async def test_a_request_id_that_the_caller_brings_comes_back_and_a_strange_one_does_not(house: House) -> None:
    answer = await house.http.get("/nowhere", headers={"X-Request-Id": "order-7.retry_2"})
    assert problem_of(answer, 404)["request_id"] == "order-7.retry_2"
    for strange in ("a b", "<script>", "x" * 65, ""):
        answer = await house.http.get("/nowhere", headers={"X-Request-Id": strange})
        assert problem_of(answer, 404)["request_id"] not in {strange, ""}


async def test_an_error_of_our_own_is_logged_under_the_request_id_and_told_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = FastAPI()
    handle_problems(app)
    app.add_middleware(Frame)

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("the password is secret")

    async with served(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        with caplog.at_level(logging.ERROR, logger="handoff.gateway"):
            answer = await http.get("/broken")
    said = problem_of(answer, 500)
    assert "password" not in answer.text and {name: answer.headers[name] for name in CAREFUL} == CAREFUL
    [record] = [record for record in caplog.records if record.name == "handoff.gateway"]
    assert said["request_id"] in record.getMessage() and record.exc_info is not None


async def test_while_the_database_is_away_nothing_is_acknowledged_and_afterwards_all_is_well(
    server: Postgres, database_name: str, tmp_path: Path
) -> None:
    async with a_relay(server.port) as relay:
        dsn = server.dsn(database_name, role=APP).replace(f":{server.port}/", f":{relay.port}/")
        async with Books.open(dsn, connections=4) as books, a_house(books, tmp_path) as house:
            assert (await house.http.get("/health")).json() == {"ok": True}
            await relay.cut()
            body = completed()
            for answer in (
                await house.http.get("/health"),
                await house.get("fin", "/v1/counts"),
                await connect(house, body, signed(body, CONNECT_KEYS[0])),
                await connect(house, body, "not genuine"),
            ):
                said = problem_of(answer, 503)
                assert "database" in said["title"] and int(answer.headers["retry-after"]) >= 1
            await relay.mend()
            assert (await house.http.get("/health")).status_code == 200
            assert (await connect(house, body, signed(body, CONNECT_KEYS[0]))).status_code == 200
