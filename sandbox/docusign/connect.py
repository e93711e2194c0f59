"""DocuSign Connect: a message for each event that a configuration asks for, signed with every active key over its raw bytes."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from sandbox.deliveries import Delivery
from sandbox.docusign import shapes
from sandbox.docusign.envelopes import Envelope, everyone
from sandbox.docusign.times import kept

_RECIPIENT_EVENTS = {
    "sent": "recipient-sent",
    "delivered": "recipient-delivered",
    "completed": "recipient-completed",
    "declined": "recipient-declined",
}


def messages(state: dict[str, Any], envelope: Envelope, status: str, now: datetime) -> list[Delivery]:
    """What is sent when an envelope reaches a status: recipients' events first, as DocuSign does."""
    found = []
    for connect_id, configuration in state["connect"].items():
        if configuration.get("allowEnvelopePublish", "true") != "true":
            continue
        wanted = configuration.get("events", [])
        if _RECIPIENT_EVENTS.get(status) in wanted:
            found += [
                _message(state, connect_id, envelope, _RECIPIENT_EVENTS[status], now, recipient)
                for recipient in everyone(envelope)
            ]
        if f"envelope-{status}" in wanted:
            found.append(_message(state, connect_id, envelope, f"envelope-{status}", now))
    return found


def _message(
    state: dict[str, Any], connect_id: str, envelope: Envelope, event: str, now: datetime, recipient: Envelope | None = None
) -> Delivery:
    configuration = state["connect"][connect_id]
    about = {
        "accountId": envelope["accountId"],
        "userId": envelope["sender"].get("userId", ""),
        "envelopeId": envelope["envelopeId"],
    }
    if recipient:
        about["recipientId"] = recipient["recipientId"]
    message = {
        "event": event,
        "uri": f"/restapi/v2.1/accounts/{envelope['accountId']}/envelopes/{envelope['envelopeId']}",
        "retryCount": 0,
        "configurationId": int(connect_id) if connect_id.isdigit() else connect_id,
        "apiVersion": "v2.1",
        "generatedDateTime": kept(now),
        "data": {**about, "envelopeSummary": _summary(envelope, set(configuration.get("eventData", {}).get("includeData", [])))},
    }
    body = json.dumps(message).encode()
    signed = signatures(body, state["connect_keys"]) if configuration.get("includeHMAC", "true") == "true" else {}
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Docusign Connect", **signed}
    return Delivery(url=configuration["urlToPublishTo"], body=body, headers=headers, label=f"{event}/{envelope['envelopeId']}")


def signatures(body: bytes, keys: dict[str, str]) -> dict[str, str]:
    """The signature headers: one a key, numbered from 1."""
    made = {
        f"X-DocuSign-Signature-{number}": base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
        for number, key in enumerate(keys.values(), 1)
    }
    return made | ({"X-Authorization-Digest": "HMACSHA256"} if made else {})


def _summary(envelope: Envelope, include: set[str]) -> dict[str, Any]:
    """The envelope as Connect shows it: like REST, but with three decimals in its instants."""
    shown = shapes.envelope(envelope, include)
    return {name: envelope[name] if name.endswith("DateTime") else value for name, value in shown.items()}
