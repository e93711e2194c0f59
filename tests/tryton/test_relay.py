"""The rehearsals' proxy calls Tryton's methods by name, and reads what Tryton holds past the connector."""

from collections.abc import AsyncIterator

import httpx2 as httpx
import pytest

from connectors.tryton.client import Tryton as Connector
from connectors.tryton.client import connect
from rehearsal.systems.tryton import Tryton as Rehearsed
from rehearsal.tryton.relay import Relay
from runtime.embedded.tryton.server import Tryton
from sandbox.serve import serving
from tests.tryton.world import a_posted_invoice, fresh, settings


@pytest.fixture
async def url(tryton: Tryton) -> AsyncIterator[str]:
    relay = Relay(tryton)
    async with serving(relay) as server:
        yield server.url
    await relay.aclose()


@pytest.fixture
async def passed(tryton: Tryton, url: str) -> AsyncIterator[Connector]:
    opened = connect("tryton", settings(tryton, url))
    yield opened
    await opened.aclose()


async def test_calls_bear_the_name_of_their_method_and_reads_are_reads(passed: Connector, url: str) -> None:
    await a_posted_invoice(passed)
    async with httpx.AsyncClient(base_url=url) as http:
        calls = [(call["method"], call["path"].rpartition("/")[2]) for call in (await http.get("/_sandbox/calls")).json()]
    assert ("POST", "model.account.invoice.post") in calls
    assert ("GET", "model.account.invoice.search_read") in calls
    assert ("GET", "common.db.login") in calls


async def test_what_tryton_holds_becomes_records_with_our_references(passed: Connector, url: str) -> None:
    reference = fresh("INV")
    invoice, customer = await a_posted_invoice(passed, reference=reference)
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        records = list(Rehearsed().records((await http.get("/_sandbox/state")).json()))
        [ours] = [one for one in records if one.reference == reference]
        assert (ours.kind, ours.id, ours.live) == ("invoice", invoice, True)
        assert {name: ours.fields[name] for name in ("state", "untaxed_amount", "tax_amount", "total_amount")} == {
            "state": "posted", "untaxed_amount": "1000.00", "tax_amount": "190.00", "total_amount": "1190.00",
        }  # fmt: skip
        assert ours.fields["posts"] == {"1100": "1190.00", "2200": "-190.00", "4010": "-1000.00"}
        assert [one.kind for one in records if one.id == customer and one.reference.endswith(".DE01")] == ["customer"]

        paid = {"payments": {"1": {"invoice": reference, "amount": "400.00", "on": "2026-11-20"}}}
        (await http.post("/_sandbox/seed", json=paid)).raise_for_status()
        records = list(Rehearsed().records((await http.get("/_sandbox/state")).json()))
        assert [one.fields["amount"] for one in records if one.kind == "payment" and one.fields["of"] == reference] == ["400.00"]
