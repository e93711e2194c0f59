"""Deliveries of vendors: genuine ones are kept once and acknowledged, anything else leaves nothing but a count."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors.test_salesforce_messages import message as outbound_message
from tests.gateway.house import CONNECT_KEYS, ORG, SECRET, House, problem_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


def completed(envelope: str = "", contract: str = "C-100", **changes: Any) -> bytes:
    """A Connect message as DocuSign sends it (JSON, SIM)."""
    summary = {
        "status": "completed",
        "completedDateTime": "2026-03-30T09:00:00.000Z",
        "customFields": {"textCustomFields": [{"name": "ContractReference", "value": contract}]},
    }
    data = {"accountId": "acc", "userId": "u", "envelopeId": envelope or uuid4().hex, "envelopeSummary": summary}
    said = {"event": "envelope-completed", "apiVersion": "v2.1", "generatedDateTime": "2026-03-30T09:00:01.0Z", "data": data}
    return json.dumps({**said, **changes}).encode()


def signed(body: bytes, key: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


async def connect(house: House, body: bytes | AsyncIterator[bytes], *signatures: str) -> Any:
    headers = {f"X-DocuSign-Signature-{n}": text for n, text in enumerate(signatures, start=1)}
    return await house.http.post("/webhooks/docusign", content=body, headers=headers)


async def refused(house: House) -> int:
    return (await house.office.counts()).refused_signatures.get("docusign", 0)


@pytest.mark.parametrize("key", CONNECT_KEYS)
async def test_a_delivery_signed_with_any_of_the_keys_is_kept(house: House, key: str) -> None:
    before, body = await house.kept(), completed()
    answer = await connect(house, body, signed(body, key))
    assert (answer.status_code, answer.text) == (200, "{}")
    assert await house.kept() == before + 1


async def test_during_a_rotation_one_good_signature_among_several_is_enough(house: House) -> None:
    body = completed()
    assert (await connect(house, body, signed(body, "retired"), signed(body, CONNECT_KEYS[1]))).status_code == 200


@pytest.mark.parametrize("wrong", ["wrong key", "altered body", "no signature", "not base64 é"])
async def test_a_delivery_that_is_not_genuine_leaves_only_a_count(house: House, wrong: str) -> None:
    body = completed()
    signatures = {
        "wrong key": [signed(body, "somebody else's")],
        "altered body": [signed(body.replace(b"C-100", b"C-666"), CONNECT_KEYS[0])],
        "no signature": [],
        "not base64 é": ["\xe9\xff"],
    }[wrong]
    rows, count = await house.kept(), await refused(house)
    headers = [(f"X-DocuSign-Signature-{n}", s.encode("latin-1")) for n, s in enumerate(signatures, start=1)]
    answer = await house.http.post("/webhooks/docusign", content=body, headers=[(n.encode(), v) for n, v in headers])
    assert problem_of(answer, 401)["code"] == "SIGNATURE_REFUSED"
    assert (await house.kept(), await refused(house)) == (rows, count + 1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "the whole body"),
        (b"[" * 200_000, "the whole body"),
        (b'{"event": "envelope-completed"}', "generatedDateTime"),
        (completed(event=7), "event"),
    ],
    ids=["no JSON", "nested without end", "no time", "event is a number"],
)
async def test_a_genuine_delivery_that_cannot_be_read_names_the_field(house: House, body: bytes, field: str) -> None:
    before = await house.kept()
    said = problem_of(await connect(house, body, signed(body, CONNECT_KEYS[0])), 400)
    assert field in said["field"] and said["code"] == "MALFORMED"
    assert await house.kept() == before


async def test_a_character_that_cannot_be_kept_is_refused_and_nothing_stays(house: House) -> None:
    before, body = await house.kept(), completed(contract="C-\x00")
    problem_of(await connect(house, body, signed(body, CONNECT_KEYS[0])), 400)
    assert await house.kept() == before


@pytest.mark.parametrize("is_announced", [True, False])
async def test_an_oversized_body_is_refused_whether_or_not_its_length_is_announced(house: House, is_announced: bool) -> None:
    body, before = b"x" * 1_000_001, await house.kept()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    said = problem_of(await connect(house, body if is_announced else chunks(), signed(body, CONNECT_KEYS[0])), 413)
    assert "1,000,000 bytes" in said["remedy"]
    assert await house.kept() == before
    assert (await connect(house, completed())).status_code == 401  # the connection, or another, still serves


async def test_a_body_of_exactly_the_limit_is_read(house: House) -> None:
    body = completed()
    body += b" " * (1_000_000 - len(body))
    assert (await connect(house, body, signed(body, CONNECT_KEYS[0]))).status_code == 200


async def test_a_system_that_nobody_knows_is_named(house: House) -> None:
    said = problem_of(await house.http.post("/webhooks/workday", content=b"{}"), 404)
    assert "workday" in said["title"] and "landscape" in said["remedy"]


async def test_the_same_delivery_again_is_counted_and_kept_once(house: House) -> None:
    before, counted = await house.kept(), (await house.office.counts()).duplicates
    body = completed()
    answers = [await connect(house, body, signed(body, CONNECT_KEYS[0])) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert (await house.kept() - before, (await house.office.counts()).duplicates - counted) == (1, 2)


# Salesforce.


def notifications(number: int) -> str:
    run = uuid4().hex[:6]
    return "".join(
        f'<Notification><Id>04l{run}{n:03}</Id><sObject xsi:type="sf:Contract" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<sf:Id>800{run}{n:03}</sf:Id><sf:Status>Activated</sf:Status></sObject></Notification>"
        for n in range(number)
    )


async def test_a_batch_of_a_hundred_is_kept_and_acknowledged_in_salesforces_very_words(house: House) -> None:
    before, body = await house.kept(), outbound_message(ORG, notifications(100))
    answer = await house.http.post(f"/webhooks/salesforce/{SECRET}", content=body)
    assert (answer.status_code, answer.text) == (200, ACK)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert await house.kept() == before + 100


@pytest.mark.parametrize(
    ("path", "org"),
    [("/webhooks/salesforce/guess", ORG), ("/webhooks/salesforce", ORG), (f"/webhooks/salesforce/{SECRET}", "00D000000000000")],
    ids=["another secret", "no secret", "another org"],
)
async def test_a_message_from_elsewhere_leaves_only_a_count(house: House, path: str, org: str) -> None:
    before = await house.kept()
    answer = await house.http.post(path, content=outbound_message(org, notifications(1)))
    said = problem_of(answer, 401)
    assert SECRET not in answer.text and said["code"] == "SIGNATURE_REFUSED"
    assert await house.kept() == before
    assert (await house.office.counts()).refused_signatures["salesforce"] >= 1


@pytest.mark.parametrize("body", [b"<broken", b'<!DOCTYPE b [<!ENTITY a "aa">]><b>&a;</b>'], ids=["no XML", "entities"])
async def test_a_message_that_is_no_outbound_message_is_refused(house: House, body: bytes) -> None:
    said = problem_of(await house.http.post(f"/webhooks/salesforce/{SECRET}", content=body), 400)
    assert said["field"] == "body"
