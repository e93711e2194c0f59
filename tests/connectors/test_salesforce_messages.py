"""Salesforce's outbound messages as they arrive, and what is pure in the connector: settings, queries, texts."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.errors import Malformed, Misconfigured, Rejected, SignatureRefused
from canonical.event import FactKind, InboundEvent
from connectors.salesforce import mapping, soql
from connectors.salesforce.webhooks import reader
from connectors.webhooks import Request
from sandbox.salesforce import Salesforce as Org
from sandbox.salesforce import soql as their_soql
from tests.connectors.salesforce_world import DEAL, identifier, settings

ORG = "00D5g00000SndbxEAA"
SECRET = "a-long-unguessable-path-segment"
ADDRESS = f"https://handoff.example/webhooks/crm/{SECRET}"
LISTENING = settings("https://firm.my.salesforce.com", organization_id=ORG, webhook_secrets=(SECRET,))
BOMB = b'<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;">]><b>&c;</b>'


def a_request(body: bytes, url: str = ADDRESS) -> Request:
    return Request(body=body, headers={}, url=url, received_at=datetime.now(UTC))


def read(body: bytes, url: str = ADDRESS) -> list[InboundEvent]:
    return reader("crm", LISTENING).read(a_request(body, url))


def message(organization: str, inner: str | None = None) -> bytes:
    one = (
        '<Notification><Id>04l{n}</Id><sObject xsi:type="sf:Contract" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        "<sf:Id>800{n}</sf:Id><sf:Status>Activated</sf:Status></sObject></Notification>"
    )
    notifications = inner if inner is not None else one.format(n=1) + one.format(n=2)
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organization}</OrganizationId>{notifications}</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


async def test_a_won_deal_arrives_as_an_outbound_message_and_is_acknowledged_as_salesforce_wants() -> None:
    org = Org()
    org.seed({"_deals": [DEAL], "_org": {"outbound_messages": [{"object": "Opportunity", "url": "http://127.0.0.1:9/"}]}})
    org.deliveries.manners.retries, org.deliveries.manners.retry_seconds = 0, 0
    for stage in ("Contracting", "Closed Won"):
        org.seed({"_change": {"Opportunity": {"C-100": {"StageName": stage}}}})
    await org.deliveries.idle()
    lost, won = (read(delivery.body)[0] for delivery in org.deliveries.sent)
    assert (lost.kind, won.kind) == (FactKind.RECORD_CHANGED, FactKind.DEAL_WON)
    assert (won.contract, won.object_kind, won.object_id) == ("C-100", "deal", identifier("Opportunity", "C-100"))
    assert won.event_id.startswith("04l") and won.event_id != lost.event_id
    stamp = org.state["Opportunity"][won.object_id]["SystemModstamp"]
    assert won.object_version == stamp.replace(".000+0000", "Z")
    said, accepted = reader("crm", LISTENING).acknowledgement(), org.deliveries.sent[0].accepted
    assert accepted and accepted(said.status, said.body.encode())


def test_every_notification_of_a_message_is_an_event() -> None:
    assert [(event.object_id, event.kind, event.object_kind) for event in read(message(ORG))] == [
        ("8001", FactKind.CONTRACT_EXECUTED, "contract"),
        ("8002", FactKind.CONTRACT_EXECUTED, "contract"),
    ]


@pytest.mark.parametrize("path", ["/webhooks/crm", f"/webhooks/crm/{SECRET}x", f"/webhooks/{SECRET}/crm", f"/crm?{SECRET}"])
def test_a_message_to_an_address_without_the_secret_is_refused(path: str) -> None:
    with pytest.raises(SignatureRefused):
        read(message(ORG), f"https://handoff.example{path}")


def test_a_message_of_another_org_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="another org"):
        read(message("00D000000000001AAA"))


def test_a_client_certificate_may_stand_for_the_secret() -> None:
    request = a_request(message(ORG), "https://handoff.example/webhooks/crm")
    trusting = LISTENING.model_copy(update={"trusts_client_certificates": True})
    assert reader("crm", trusting).read(replace(request, peer_is_verified=True))
    with pytest.raises(SignatureRefused):
        reader("crm", trusting).read(request)
    with pytest.raises(SignatureRefused):
        reader("crm", LISTENING).read(replace(request, peer_is_verified=True))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"not xml", "body"),
        (BOMB, "body"),
        (b"<b/>", "notifications"),
        (message(ORG, "<Notification><Id>1</Id></Notification>"), "Notification.sObject"),
        (message(ORG, '<Notification><sObject xsi:type="sf:Contract"/></Notification>'), "Notification.sObject.Id"),
        (
            message(
                ORG,
                '<Notification><sObject xsi:type="sf:X"><Id>1</Id><SystemModstamp>now</SystemModstamp></sObject></Notification>',
            ),
            "SystemModstamp",
        ),
    ],
)
def test_a_message_that_cannot_be_read_is_refused_with_the_field(body: bytes, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        read(body)
    assert refused.value.evidence["field"] == field


@given(st.binary(max_size=300))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    with pytest.raises((Malformed, SignatureRefused)):
        read(body)


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"base_url": "http://firm.my.salesforce.com"}, "must begin with https://"),
        ({"client_secret": None}, "give either client_secret, or username and private_key"),
        ({"username": "u", "private_key": "not a key"}, "must be an RSA private key"),
        ({"api_version": "62"}, "api_version"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_the_remedy(changes: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(url="https://firm.my.salesforce.com", **changes)
    assert remedy in str(refused.value)


def test_a_reader_that_could_not_tell_friend_from_foe_is_refused() -> None:
    for lacking in ({"organization_id": None}, {"webhook_secrets": ()}):
        with pytest.raises(Misconfigured):
            reader("crm", LISTENING.model_copy(update=lacking))


@given(st.text(max_size=60))
def test_no_value_ends_its_quotation(value: str) -> None:
    query = their_soql.read(soql.select(("Id",), "Account", f"Name = {soql.quoted(value)}"))
    assert isinstance(query.where, their_soql.Comparison)
    assert query.where.values[0].value == value


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("", {}),
        ("4500-9", {"": "4500-9"}),
        ("WS-A=4500-1\r\n WS-B = 4500-2 ", {"WS-A": "4500-1", "WS-B": "4500-2"}),
        ("WS-A=4500-1; 4500-9", {"WS-A": "4500-1", "": "4500-9"}),
    ],
)
def test_purchase_orders_are_read_line_by_line(text: str, orders: dict[str, str]) -> None:
    assert mapping.purchase_orders("Rollout", text) == orders


@pytest.mark.parametrize("text", ["WS-A=", "=4500", "4500-1\n4500-2"])
def test_purchase_orders_that_say_nothing_clear_are_refused(text: str) -> None:
    with pytest.raises(Rejected):
        mapping.purchase_orders("Rollout", text)
