"""What DocuSign tells by itself and what is found by asking: the same change is the same event either way."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from canonical.errors import Malformed, Misconfigured, SignatureRefused
from canonical.event import FactKind, InboundEvent
from connectors.docusign.client import connect
from connectors.docusign.webhooks import Reader
from connectors.registry import vendor
from connectors.webhooks import Request, hmac_sha256_base64
from sandbox.deliveries import Manners
from sandbox.docusign import VENDOR
from sandbox.docusign.server import DocuSign as SimulatedDocuSign
from sandbox.serve import serving
from tests.connectors.test_docusign import settings
from tests.sandbox.docusign_world import ACCOUNT, KEYS, SIGNED, a_connect_configuration, a_world, an_envelope

SINCE, UNTIL = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
ARRIVED = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)


class Joined:
    """The connector and the vendor it is joined to."""

    def __init__(self, vendor: SimulatedDocuSign, url: str) -> None:
        self.vendor, self.url = vendor, url
        self.connector = connect("docusign", settings(url, page_size=2))

    async def control(self, envelope_id: str, what: str, **told: Any) -> None:
        async with httpx.AsyncClient() as http:
            (await http.post(f"{self.url}/_sandbox/envelopes/{envelope_id}/{what}", json=told)).raise_for_status()

    async def changes(self, since: datetime = SINCE, until: datetime = UNTIL) -> list[InboundEvent]:
        return [event async for event in self.connector.changes(since, until)]

    def delivered(self) -> list[Request]:
        """What Connect sent, as the gateway would see it."""
        sent = self.vendor.deliveries.sent
        lower = [{name.lower(): value for name, value in delivery.headers.items()} for delivery in sent]
        return [Request(d.body, headers, d.url, ARRIVED) for d, headers in zip(sent, lower, strict=True)]


@pytest.fixture
async def joined() -> AsyncIterator[Joined]:
    account = VENDOR()
    account.seed(a_world())
    async with serving(account) as server:
        pair = Joined(account, server.url)
        yield pair
        await pair.connector.aclose()


def reader(**changed: Any) -> Reader:
    keys = {"connect_keys": list(KEYS.values())}
    return vendor("docusign").webhooks("docusign", settings("https://account.docusign.com", **keys | changed))  # type: ignore[return-value]


def a_delivery(message: Any, *, key: str = KEYS["1"], number: int = 1, signed: bool = True) -> Request:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    headers = {f"x-docusign-signature-{number}": hmac_sha256_base64(key.encode(), body)} if signed else {}
    return Request(body, headers, "https://handoff.example/webhooks/docusign", ARRIVED)


def a_message(event: str = "envelope-completed", **data: Any) -> dict[str, Any]:
    summary = {"status": "completed", "completedDateTime": "2026-03-31T16:00:00.123Z"}
    about = {"accountId": ACCOUNT, "envelopeId": SIGNED, "envelopeSummary": summary} | data
    return {"event": event, "generatedDateTime": "2026-03-31T16:00:05.5Z", "data": about}


# Polling.


async def test_changes_in_the_window_are_told_with_their_contract_and_kind(joined: Joined) -> None:
    statuses = ["completed", "sent", "voided", "declined"]
    envelopes = {f"e{n}": an_envelope(f"C-{n}", status=s, at=f"2026-04-0{n}T10:00:00Z") for n, s in enumerate(statuses, 1)}
    joined.vendor.seed({"envelopes": envelopes | {"after": an_envelope("C-9", at="2026-05-02T10:00:00Z")}})
    found = {event.object_id: event for event in await joined.changes()}
    assert [(e.contract, e.kind) for e in found.values()] == [
        ("C-1", FactKind.CONTRACT_EXECUTED),
        ("C-2", FactKind.RECORD_CHANGED),
        ("C-3", FactKind.CONTRACT_VOIDED),
        ("C-4", FactKind.CONTRACT_VOIDED),
    ]
    assert found["e1"].event_id == "e1:completed:2026-04-01T10:00:00.000+00:00"
    assert found["e1"].object_version == (await joined.connector.read_signed("e1")).version


async def test_a_window_reaches_back_a_little(joined: Joined) -> None:
    joined.vendor.seed(
        {"envelopes": {"late": an_envelope(at="2026-03-31T23:56:00Z"), "old": an_envelope(at="2026-03-31T23:54:00Z")}}
    )
    assert [event.object_id for event in await joined.changes()] == ["late"]


async def test_an_envelope_that_changes_during_the_walk_makes_no_other_be_skipped(joined: Joined) -> None:
    joined.vendor.seed(
        {"envelopes": {f"e{n}": an_envelope(f"C-{n}", status="sent", at=f"2026-04-0{n}T10:00:00Z") for n in range(1, 8)}}
    )
    seen = set()
    async for event in joined.connector.changes(SINCE, UNTIL):
        seen.add(event.object_id)
        if event.object_id == "e2":
            await joined.control("e1", "sign")  # leaves the window: all behind it move up by one place
    assert seen == {f"e{n}" for n in range(1, 8)}


async def test_many_changes_in_one_instant_are_walked_by_position(joined: Joined) -> None:
    joined.vendor.seed({"envelopes": {f"e{n}": an_envelope(f"C-{n}", at="2026-04-02T10:00:00Z") for n in range(7)}})
    joined.vendor.seed({"envelopes": {"last": an_envelope("C-7", at="2026-04-03T10:00:00Z")}})
    assert {event.object_id for event in await joined.changes()} == {*(f"e{n}" for n in range(7)), "last"}


async def test_an_empty_window_is_empty(joined: Joined) -> None:
    assert await joined.changes() == []


# Connect.


async def test_what_connect_tells_and_what_polling_finds_is_one_event(joined: Joined) -> None:
    joined.vendor.seed({"connect": {"1": a_connect_configuration(f"{joined.url}/nowhere")}})
    joined.vendor.seed({"envelopes": {"open": an_envelope("C-5", status="delivered", at="2026-04-01T10:00:00Z")}})
    joined.vendor.deliveries.manners = Manners(retries=0, retry_seconds=0)
    await joined.control("open", "sign", at="2026-04-02T10:00:00.250Z")
    await joined.vendor.deliveries.idle()
    [told] = [event for request in joined.delivered() for event in reader(account_id=ACCOUNT).read(request)]
    [found] = await joined.changes()
    assert told == found
    assert (told.kind, told.contract) == (FactKind.CONTRACT_EXECUTED, "C-5")


async def test_a_later_version_is_another_event(joined: Joined) -> None:
    joined.vendor.seed({"connect": {"1": a_connect_configuration(f"{joined.url}/nowhere")}})
    joined.vendor.deliveries.manners = Manners(retries=0, retry_seconds=0)
    for total in ("1", "2"):
        await joined.control(SIGNED, "sign", tabs={"total": total})
    await joined.vendor.deliveries.idle()
    told = [event for request in joined.delivered() for event in reader().read(request)]
    assert len({event.event_id for event in told}) == 2
    assert max(event.object_version for event in told) == (await joined.connector.read_signed(SIGNED)).version


@pytest.mark.parametrize(("key", "number"), [(KEYS["1"], 1), (KEYS["2"], 2), (KEYS["2"], 1)])
def test_any_key_in_use_opens_under_any_number(key: str, number: int) -> None:
    [event] = reader().read(a_delivery(a_message(), key=key, number=number))
    assert event.event_id == f"{SIGNED}:completed:2026-03-31T16:00:00.123+00:00"


@pytest.mark.parametrize("delivery", [a_delivery(a_message(), key="a stranger's"), a_delivery(a_message(), signed=False)])
def test_a_wrong_or_missing_signature_is_refused(delivery: Request) -> None:
    with pytest.raises(SignatureRefused):
        reader().read(delivery)


def test_one_changed_byte_is_refused() -> None:
    genuine = a_delivery(a_message())
    with pytest.raises(SignatureRefused):
        reader().read(Request(genuine.body + b" ", genuine.headers, genuine.url, ARRIVED))


def test_a_late_delivery_is_taken_since_nothing_signs_a_time() -> None:
    genuine = a_delivery(a_message())
    [event] = reader().read(Request(genuine.body, genuine.headers, genuine.url, ARRIVED + timedelta(days=9)))
    assert event.occurred_at == datetime(2026, 3, 31, 16, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize("event", ["envelope-voided", "envelope-declined"])
def test_the_end_without_a_signature_is_a_fact_too(event: str) -> None:
    [told] = reader().read(a_delivery(a_message(event, envelopeSummary={"status": event.removeprefix("envelope-")})))
    assert told.kind is FactKind.CONTRACT_VOIDED
    assert told.object_version == "2026-03-31T16:00:05.500+00:00"


def test_a_summary_is_not_needed() -> None:
    message = a_message()
    del message["data"]["envelopeSummary"]
    assert reader().read(a_delivery(message))[0].contract is None


@pytest.mark.parametrize("event", ["recipient-completed", "template-created", "click-agreed"])
def test_what_is_not_about_an_envelope_is_taken_and_let_be(event: str) -> None:
    assert reader().read(a_delivery({"event": event, "generatedDateTime": "2026-03-31T16:00:00Z"})) == []


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (b"<DocuSignEnvelopeInformation/>", "whole body"),
        ([], "whole body"),
        ({"status": "completed", "envelopeId": SIGNED}, "event"),
        (a_message(envelopeId=""), "data.envelopeId"),
        (a_message(accountId=None), "data.accountId"),
    ],
)
def test_a_body_that_cannot_be_read_names_the_field_and_the_remedy(message: Any, field: str) -> None:
    with pytest.raises(Malformed, match=field) as refused:
        reader().read(a_delivery(message))
    assert "SIM" in refused.value.remedy


def test_another_accounts_delivery_is_refused() -> None:
    with pytest.raises(Malformed, match=r"data\.accountId"):
        reader(account_id="ours").read(a_delivery(a_message()))


def test_without_keys_nothing_can_be_verified() -> None:
    with pytest.raises(Misconfigured, match="cannot verify"):
        reader(connect_keys=[])


def test_connect_hears_200() -> None:
    assert reader().acknowledgement().status == 200
