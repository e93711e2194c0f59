"""What the Temporal Web UI asks of us: payloads opened and sealed, for the right origins and people."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from ledger.books import Books
from runtime.codec import ENCODING, EncryptionCodec, KeyRing
from runtime.plugin import data_converter
from tests.gateway.house import House, a_house, problem_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

UI = "http://127.0.0.1:8233"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'{"contract":"C-100"}')


def as_json(*payloads: Payload) -> str:
    return json_format.MessageToJson(Payloads(payloads=payloads))


def payloads_of(answer: Any) -> list[Payload]:
    assert answer.status_code == 200, answer.text
    return list(json_format.Parse(answer.text, Payloads()).payloads)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def production(books: Books, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with a_house(books, Path(tmp_path_factory.mktemp("production")), environment="production") as opened:
        yield opened


async def test_a_payload_of_a_history_is_opened_and_sealed_again(house: House) -> None:
    [sealed] = await data_converter(house.ring).encode([{"contract": "C-100"}])
    assert sealed.metadata["encoding"] == ENCODING and b"C-100" not in sealed.data
    [opened] = payloads_of(await house.http.post("/codec/decode", content=as_json(sealed), headers={"Origin": UI}))
    assert opened == PLAIN
    [again] = payloads_of(await house.http.post("/codec/encode", content=as_json(opened)))
    assert await EncryptionCodec(house.ring).decode([again]) == [PLAIN]


async def test_what_was_never_sealed_stays_as_it_is(house: House) -> None:
    assert payloads_of(await house.http.post("/codec/decode", content=as_json(PLAIN, PLAIN))) == [PLAIN, PLAIN]
    assert payloads_of(await house.http.post("/codec/decode", content="{}")) == []


async def test_pages_of_the_web_ui_may_read_and_others_may_not(house: House) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-namespace"}
    for origin, expected in ((UI, UI), ("https://evil.example", None), (f"{UI}.evil.example", None), ("null", None)):
        preflight = await house.http.options("/codec/decode", headers={"Origin": origin, **asked})
        answer = await house.http.post("/codec/decode", content=as_json(PLAIN), headers={"Origin": origin})
        refusal = await house.http.post("/codec/decode", content="[", headers={"Origin": origin})
        for said in (preflight, answer, refusal):
            assert said.headers.get("access-control-allow-origin") == expected
            assert "Origin" in said.headers["vary"]
    assert "x-namespace" in preflight.headers["access-control-allow-headers"] and preflight.status_code == 204


async def test_other_paths_open_to_no_origin(house: House) -> None:
    answer = await house.get("fin", "/v1/counts", headers={"Origin": UI})
    assert answer.status_code == 200 and "access-control-allow-origin" not in answer.headers


async def test_in_production_only_who_may_decode_gets_an_answer(production: House) -> None:
    sealed = await EncryptionCodec(production.ring).encode([PLAIN])
    for operation in ("decode", "encode"):
        path = f"/codec/{operation}"
        problem_of(await production.http.post(path, content=as_json(*sealed), headers={"Origin": UI}), 401)
        assert problem_of(await production.post("cora", path, content=as_json(*sealed)), 403)["detail"] == "decode"
    assert payloads_of(await production.ask("ines", "POST", "/codec/decode", content=as_json(*sealed))) == [PLAIN]


@pytest.mark.parametrize("body", ["[", "", '{"payloads": 7}', '{"payloads": [{"data": 7}]}', '{"payloads": [' * 20_000])
async def test_what_is_no_payloads_message_is_refused(house: House, body: str) -> None:
    assert problem_of(await house.http.post("/codec/decode", content=body), 400)["field"] == "body"


async def test_an_operation_that_there_is_not_is_refused(house: House) -> None:
    assert (await house.http.post("/codec/shred", content="{}")).status_code == 400


async def test_a_missing_key_is_named_and_an_altered_payload_said_to_be_one(house: House, tmp_path: Path) -> None:
    KeyRing.rotate(tmp_path / "other.json")
    KeyRing.rotate(tmp_path / "other.json")
    [foreign] = await EncryptionCodec(KeyRing.read(tmp_path / "other.json")).encode([PLAIN])
    said = problem_of(await house.http.post("/codec/decode", content=as_json(foreign)), 422)
    assert "'k2'" in said["title"] and said["code"] == "MISCONFIGURED"
    [sealed] = await EncryptionCodec(house.ring).encode([PLAIN])
    for data in (sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]), b"", b"short"):
        altered = Payload(metadata=dict(sealed.metadata), data=data)
        assert "does not open" in problem_of(await house.http.post("/codec/decode", content=as_json(altered)), 422)["title"]


async def test_a_page_of_history_larger_than_other_bodies_is_taken(house: House) -> None:
    large = Payload(metadata={"encoding": b"json/plain"}, data=b"x" * 1_500_000)
    [sealed] = await EncryptionCodec(house.ring).encode([large])
    assert payloads_of(await house.http.post("/codec/decode", content=as_json(sealed))) == [large]
    problem_of(await house.http.post("/codec/decode", content=b"x" * 16_000_001), 413)
