"""Outbound messages: SOAP notifications that count as received only when the listener answers ``<Ack>true</Ack>``."""

import re
from typing import Any
from xml.sax.saxutils import escape

from sandbox.deliveries import Delivery
from sandbox.salesforce.identifiers import numbered
from sandbox.salesforce.objects import Object
from sandbox.salesforce.query import value_of
from sandbox.salesforce.records import Change, Records

MOST_NOTIFICATIONS = 100
_ACK = re.compile(rb"<(?:\w+:)?Ack>\s*(true|1)\s*</(?:\w+:)?Ack>")
_DEFAULTS = {
    "Opportunity": (
        ["StageName", "Contract_Reference__c"],
        ["StageName", "IsWon", "Contract_Reference__c", "Legal_Entity__c", "SystemModstamp"],
    ),
    "Contract": (["Status"], ["Status", "Contract_Reference__c", "SystemModstamp"]),
}


def messages(records: Records, changes: list[Change], instance: str) -> list[Delivery]:
    """The deliveries that these changes cause, as the org's outbound messages say."""
    return [
        delivery
        for number, rule in enumerate(records.state["_org"]["outbound_messages"], start=1)
        for delivery in _of_rule(records, rule, number, _meant(rule, changes), instance)
    ]


def acknowledged(status: int, body: bytes) -> bool:
    """Whether the listener took the message: anything but a positive Ack has it sent again, whatever the status."""
    return status == 200 and bool(_ACK.search(body))


def _meant(rule: dict[str, Any], changes: list[Change]) -> list[Change]:
    watched = rule.get("on") or _DEFAULTS[rule["object"]][0]
    latest = {
        change.id: change
        for change in changes
        if change.object.name == rule["object"] and any(change.before.get(f) != change.after.get(f) for f in watched)
    }
    return list(latest.values())


def _of_rule(records: Records, rule: dict[str, Any], number: int, changes: list[Change], instance: str) -> list[Delivery]:
    groups = [changes[start : start + MOST_NOTIFICATIONS] for start in range(0, len(changes), MOST_NOTIFICATIONS)]
    return [_delivery(records, rule, number, group, instance) for group in groups]


def _delivery(records: Records, rule: dict[str, Any], number: int, changes: list[Change], instance: str) -> Delivery:
    fields = rule.get("fields") or _DEFAULTS[rule["object"]][1]
    notifications = "".join(_notification(records, change, fields) for change in changes)
    body = _envelope(records.state["_org"]["id"], numbered("04k", number), instance, notifications)
    headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
    return Delivery(rule["url"], body.encode(), headers, label=f"{rule['object']} {changes[0].id}", accepted=acknowledged)


def _notification(records: Records, change: Change, fields: list[str]) -> str:
    identifier = numbered("04l", records.next_number("notifications"))
    shown = "".join(_element(change.object, name, change.after) for name in ["Id", *(f for f in fields if f != "Id")])
    kind = f'xsi:type="sf:{change.object.name}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"'
    return f"<Notification><Id>{identifier}</Id><sObject {kind}>{shown}</sObject></Notification>"


def _element(object_: Object, name: str, record: dict[str, Any]) -> str:
    value = value_of(record, object_.fields[name])
    if value is None:
        return ""  # fields without a value are left out
    text = str(value).lower() if isinstance(value, bool) else str(value).replace("+0000", "Z")
    return f"<sf:{name}>{escape(text)}</sf:{name}>"


def _envelope(organization: str, action: str, instance: str, notifications: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organization}</OrganizationId><ActionId>{action}</ActionId>"
        f'<SessionId xsi:nil="true"/><EnterpriseUrl>{instance}/services/Soap/c/62.0/{organization[:15]}</EnterpriseUrl>'
        f"<PartnerUrl>{instance}/services/Soap/u/62.0/{organization[:15]}</PartnerUrl>"
        f"{notifications}</notifications></soapenv:Body></soapenv:Envelope>"
    )
