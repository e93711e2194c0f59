"""CloudEvents in both forms: kept once, claims and all; what is missing or unknown is named."""

import json
from typing import Any
from uuid import uuid4

import pytest

from canonical.event import FactKind
from tests.gateway.house import House, problem_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=utf-8"}


def an_event(**changes: Any) -> dict[str, Any]:
    said = {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": "//clm.example/contracts",
        "type": "handoff.contract.executed.v1",
        "time": "2026-03-30T11:00:00+02:00",
        "data": {"contract": "C-100", "version": "3", "value": "190000.00"},
        "somebodysextension": "left alone",
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


async def send(house: House, event: dict[str, Any]) -> Any:
    return await house.ask("fin", "POST", "/events", content=json.dumps(event), headers=STRUCTURED)


async def send_binary(house: House, event: dict[str, Any], **changed: str) -> Any:
    headers = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    content = json.dumps(event["data"])
    sent = {**headers, "Content-Type": "application/json", **changed}
    return await house.ask("fin", "POST", "/events", content=content, headers={k: v for k, v in sent.items() if v})


async def test_a_structured_event_is_kept_with_what_it_claims(house: House) -> None:
    event = an_event()
    answer = await send(house, event)
    assert (answer.status_code, answer.json()) == (202, {"accepted": True, "duplicate": False})
    kept = await house.office.kept("cloudevents://clm.example/contracts", event["id"])
    assert kept is not None
    assert (kept.kind, kept.contract, kept.claims) == (
        FactKind.CONTRACT_EXECUTED,
        "C-100",
        {"version": "3", "value": "190000.00"},
    )


async def test_the_binary_form_says_the_same(house: House) -> None:
    event = an_event(source="//clm.example/a b")
    answer = await send_binary(house, event, **{"ce-source": "//clm.example/a%20b"})
    assert (answer.status_code, answer.json()["duplicate"]) == (202, False)
    assert (await send(house, event)).json() == {"accepted": True, "duplicate": True}  # the very same event


async def test_the_same_id_with_other_content_is_refused_and_the_first_stays(house: House) -> None:
    event = an_event()
    await send(house, event)
    said = problem_of(await send(house, {**event, "data": {"contract": "C-200"}}), 409)
    assert (said["code"], said["field"]) == ("KEY_REUSED_WITH_DIFFERENT_CONTENT", "id")
    kept = await house.office.kept("cloudevents://clm.example/contracts", event["id"])
    assert kept is not None and kept.contract == "C-100"


async def test_the_same_id_of_another_source_is_another_event(house: House) -> None:
    event = an_event()
    await send(house, event)
    assert (await send(house, {**event, "source": "//elsewhere.example"})).json()["duplicate"] is False


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": "a\x00b"}, "id"),
        ({"source": None}, "source"),
        ({"source": "x" * 181}, "source"),
        ({"specversion": "0.3"}, "specversion"),
        ({"type": None}, "type"),
        ({"type": "com.example.invented"}, "type"),
        ({"time": "2026-03-30T09:00:00"}, "time"),
        ({"time": "yesterday"}, "time"),
        ({"data": None}, "data"),
        ({"data": {}}, "data.contract"),
        ({"data": {"contract": "C/100"}}, "data.contract"),
        ({"data": {"contract": "C-1", "value": 190000.1}}, "data.value"),
    ],
)
async def test_what_is_missing_or_unknown_is_named_and_nothing_is_kept(house: House, changes: dict[str, Any], field: str) -> None:
    before = await house.kept()
    said = problem_of(await send(house, an_event(**changes)), 400)
    assert (said["field"], said["code"]) == (field, "MALFORMED")
    assert await house.kept() == before


@pytest.mark.parametrize(
    ("body", "kind", "field"),
    [
        (b"{", STRUCTURED["Content-Type"], "body"),
        (b"[" * 200_000, STRUCTURED["Content-Type"], "body"),
        (b"[]", STRUCTURED["Content-Type"], "body"),
        (b"\xff\xfe", STRUCTURED["Content-Type"], "body"),
        (b"[]", "application/cloudevents-batch+json", "content-type"),
        (b'{"contract": "C-1"}', "application/json", "specversion"),
    ],
)
async def test_a_body_that_is_no_event_is_refused(house: House, body: bytes, kind: str, field: str) -> None:
    answer = await house.ask("fin", "POST", "/events", content=body, headers={"Content-Type": kind})
    assert problem_of(answer, 400)["field"] == field


async def test_only_who_may_start_handoffs_may_send_events(house: House) -> None:
    before = await house.kept()
    answer = await house.ask("ada", "POST", "/events", content=json.dumps(an_event()), headers=STRUCTURED)
    assert problem_of(answer, 403)["detail"] == "start"
    problem_of(await house.http.post("/events", content=json.dumps(an_event()), headers=STRUCTURED), 401)
    assert await house.kept() == before
