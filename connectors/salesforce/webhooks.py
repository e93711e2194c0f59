"""Outbound messages -> our events. They bear no signature and no time: the address is secret, and every record is re-read."""

import hmac
from datetime import datetime
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from canonical.errors import Malformed, Misconfigured, SignatureRefused
from canonical.event import Acknowledgement, InboundEvent
from connectors.salesforce.changes import OBJECT_KINDS, kind_of
from connectors.salesforce.settings import Settings
from connectors.webhooks import Request, require_any

_MESSAGE = "{http://soap.sforce.com/2005/09/outbound}"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_REMEDY = "Point a Salesforce outbound message here; nothing else is understood."
_ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="{_SCHEMA}"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


class Reader:
    """One org's way in. Messages come at least once, out of order, for up to 24 hours, and may show a record as it was."""

    def __init__(self, system: str, settings: Settings) -> None:
        if not settings.organization_id or not (settings.webhook_secrets or settings.trusts_client_certificates):
            raise Misconfigured(
                f"{system} cannot tell a genuine outbound message",
                remedy="Set organization_id, and webhook_secrets or trusts_client_certificates, in policies/landscape.",
            )
        self._system, self._settings = system, settings

    def read(self, request: Request) -> list[InboundEvent]:
        """One event for every notification of a genuine message."""
        self._require_secret_address(request)
        notifications = self._notifications(request.body)
        self._require_our_org(_text(notifications, f"{_MESSAGE}OrganizationId"))
        return [self._event(one) for one in notifications.iterfind(f"{_MESSAGE}Notification")]

    def acknowledgement(self) -> Acknowledgement:
        """Without this very answer Salesforce sends the message again, whatever the status."""
        return Acknowledgement(status=200, media_type="text/xml; charset=utf-8", body=_ACK)

    def _require_secret_address(self, request: Request) -> None:
        if request.peer_is_verified and self._settings.trusts_client_certificates:
            return
        last = unquote(urlsplit(request.url).path.rstrip("/").rpartition("/")[2])
        require_any([last], [secret.get_secret_value() for secret in self._settings.webhook_secrets], system=self._system)

    def _require_our_org(self, given: str) -> None:
        ours = (self._settings.organization_id or "")[:15]
        if not hmac.compare_digest(given[:15].encode(), ours.encode()):
            raise SignatureRefused(
                f"A delivery to /webhooks/{self._system} comes from another org",
                remedy="Point that org's outbound messages elsewhere, or correct organization_id in policies/landscape.",
            )

    def _notifications(self, body: bytes) -> Element:
        try:
            envelope: Element = fromstring(body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError) as mistake:
            raise self._malformed("body", f"it is no XML we take ({type(mistake).__name__})") from None
        found = envelope.find(f".//{_MESSAGE}notifications")
        if found is None:
            raise self._malformed("notifications", "it is missing")
        return found

    def _event(self, notification: Element) -> InboundEvent:
        record = next((child for child in notification if child.tag in {"sObject", f"{_MESSAGE}sObject"}), None)
        if record is None:
            raise self._malformed("Notification.sObject", "it is missing")
        object_name = record.get(_TYPE, "").rpartition(":")[2]
        values = {child.tag.rpartition("}")[2]: child.text or "" for child in record if child.get(_NIL) != "true"}
        if not object_name or not values.get("Id"):
            raise self._malformed("Notification.sObject.Id", "record and type must be named")
        changed = self._stamp(values.get("SystemModstamp") or values.get("LastModifiedDate"))
        return InboundEvent(
            source=self._system,
            event_id=_text(notification, f"{_MESSAGE}Id") or f"{object_name}/{values['Id']}",
            kind=kind_of(object_name, is_won=values.get("IsWon") == "true", status=values.get("Status")),
            object_kind=OBJECT_KINDS.get(object_name, object_name),
            object_id=values["Id"],
            object_version=changed.strftime("%Y-%m-%dT%H:%M:%SZ") if changed else "",
            contract=self._contract(object_name, values),
            occurred_at=changed,
        )

    def _contract(self, object_name: str, values: dict[str, str]) -> str | None:
        settings = self._settings
        field = settings.contract_record_field if object_name == "Contract" else settings.deal_fields.contract
        return values.get(field) or None

    def _stamp(self, text: str | None) -> datetime | None:
        if not text:
            return None
        try:
            stamp = datetime.fromisoformat(text)
        except ValueError:
            raise self._malformed("SystemModstamp", f"{text[:40]!r} is no time") from None
        if stamp.tzinfo is None:
            raise self._malformed("SystemModstamp", f"{text[:40]!r} has no time zone")
        return stamp

    def _malformed(self, field: str, why: str) -> Malformed:
        return Malformed(
            f"A delivery to /webhooks/{self._system} cannot be read at {field}: {why}", remedy=_REMEDY, evidence={"field": field}
        )


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def reader(system: str, settings: Settings) -> Reader:
    """The way in for one org."""
    return Reader(system, settings)
