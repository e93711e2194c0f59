"""Envelopes as the simulated account keeps them, and the moves they make from draft to completed, declined or voided."""

import base64
import uuid
from datetime import datetime, timedelta
from typing import Any

from sandbox.docusign import pdf
from sandbox.docusign.refusals import Refusal, invalid_parameter
from sandbox.docusign.times import kept, read

Envelope = dict[str, Any]
RECIPIENT_KINDS = (
    "signers",
    "inPersonSigners",
    "carbonCopies",
    "certifiedDeliveries",
    "agents",
    "editors",
    "intermediaries",
    "witnesses",
)
SIGNING_KINDS = ("signers", "inPersonSigners")
VALUE_TABS = ("textTabs", "numberTabs", "numericalTabs", "formulaTabs", "dateTabs", "listTabs")
OPEN = {"sent", "delivered"}


def created(definition: Envelope, *, account: str, sender: Envelope, now: datetime, envelope_id: str | None = None) -> Envelope:
    """A new envelope from an ``envelopeDefinition``: a draft, or sent at once."""
    status = definition.get("status") or "created"
    if status not in {"created", "sent"}:
        raise Refusal("INVALID_STATUS_VALUE", "The envelope status value is invalid.")
    if status == "sent" and not _signing(definition.get("recipients") or {}):
        raise Refusal("ENVELOPE_HAS_NO_SIGNERS", "The envelope has no recipients who must act on it.")
    envelope = {
        "envelopeId": envelope_id or str(uuid.uuid4()),
        "accountId": account,
        "sender": sender,
        "emailSubject": definition.get("emailSubject", ""),
        "emailBlurb": definition.get("emailBlurb", ""),
        "transactionId": definition.get("transactionId"),
        "customFields": _fields(definition.get("customFields") or {}),
        "recipients": _recipients(definition.get("recipients") or {}),
        "documents": [_document(given, n) for n, given in enumerate(definition.get("documents") or [], 1)],
        "createdDateTime": kept(now),
    }
    return reach(envelope, "created", now) if status == "created" else reach(envelope, "sent", now)


def reach(envelope: Envelope, status: str, now: datetime) -> Envelope:
    """Put an envelope into a status and note when."""
    envelope |= {
        "status": status,
        f"{status}DateTime": kept(now),
        "statusChangedDateTime": kept(now),
        "lastModifiedDateTime": kept(now),
    }
    if status == "sent":
        envelope.setdefault("initialSentDateTime", kept(now))
    for recipient in _signing(envelope["recipients"]):
        recipient["status"] = status
        if status in {"sent", "delivered", "declined"}:
            recipient[f"{status}DateTime"] = kept(now)
        elif status == "completed":
            recipient["signedDateTime"] = kept(now)
    return envelope


def signing(envelope: Envelope, tabs: dict[str, str], at: datetime) -> list[tuple[str, datetime]]:
    """Put these values into the tabs; gives the statuses that signing leads through. Done again it makes a later version."""
    if envelope["status"] not in OPEN | {"completed"}:
        raise Refusal(
            "ENVELOPE_CANNOT_BE_SIGNED", f"The envelope is {envelope['status']}; send one that is open to have it signed."
        )
    if "completedDateTime" in envelope:
        at = max(at, read(envelope["completedDateTime"], "at") + timedelta(milliseconds=1))
    for label, value in tabs.items():
        _fill(envelope, label, value)
    return [("delivered", at), ("completed", at)] if envelope["status"] == "sent" else [("completed", at)]


def end(envelope: Envelope, status: str, reason: str, now: datetime) -> None:
    """Decline (by a signer) or void (by the sender) an envelope that is still open."""
    if envelope["status"] not in OPEN:
        raise Refusal("ENVELOPE_CANNOT_VOID_INVALID_STATE", "Only envelopes in the 'Sent' or 'Delivered' states may be voided.")
    if not reason:
        raise Refusal("ENVELOPE_VOIDED_REASON_REQUIRED", "A reason must be given.")
    envelope["voidedReason" if status == "voided" else "declinedReason"] = reason
    reach(envelope, status, now)


def seeded(given: Envelope, *, account: str, sender: Envelope, now: datetime, envelope_id: str) -> Envelope:
    """An envelope of a seeded world, in the short form or a client's; its last status was reached ``at``."""
    at = read(given["at"], "at") if "at" in given else now
    status = given.get("status", "sent")
    first = "created" if status == "created" else "sent"
    envelope = created(_definition(given) | {"status": first}, account=account, sender=sender, now=at, envelope_id=envelope_id)
    if status in {"delivered", "completed"}:
        reach(envelope, "delivered", at)
    if status == "completed":
        reach(envelope, "completed", at)
    elif status in {"declined", "voided"}:
        end(envelope, status, given.get("reason", "withdrawn"), at)
    return envelope


def document_bytes(envelope: Envelope, document: Envelope) -> bytes:
    """What was uploaded, or a page that stands for it."""
    if document.get("documentBase64"):
        return base64.b64decode(document["documentBase64"])
    return pdf.written([document["name"], f"Envelope {envelope['envelopeId']}", *_terms_shown(envelope)])


def combined(envelope: Envelope) -> bytes:
    """All documents as one PDF with what was signed, by whom and when."""
    signers = [
        f"Signed by {r['name']} on {r['signedDateTime']}" for r in _signing(envelope["recipients"]) if r.get("signedDateTime")
    ]
    names = [f"Document {d['documentId']}: {d['name']}" for d in envelope["documents"]]
    return pdf.written(
        [
            envelope["emailSubject"],
            f"Envelope {envelope['envelopeId']}: {envelope['status']}",
            *names,
            *_terms_shown(envelope),
            *signers,
        ]
    )


def field(envelope: Envelope, name: str) -> str | None:
    """The value of a text or list custom field."""
    fields = [*envelope["customFields"]["textCustomFields"], *envelope["customFields"]["listCustomFields"]]
    return next((str(f.get("value", "")) for f in fields if f["name"] == name), None)


def value_tabs(recipient: Envelope) -> list[Envelope]:
    """A recipient's tabs that hold a value."""
    return [tab for kind in VALUE_TABS for tab in (recipient.get("tabs") or {}).get(kind) or []]


def everyone(envelope: Envelope) -> list[Envelope]:
    """All recipients of all kinds."""
    return [recipient for kind in RECIPIENT_KINDS for recipient in envelope["recipients"].get(kind) or []]


def _signing(recipients: Envelope) -> list[Envelope]:
    return [recipient for kind in SIGNING_KINDS for recipient in recipients.get(kind) or []]


def _terms_shown(envelope: Envelope) -> list[str]:
    return [f"{tab['tabLabel']}: {tab.get('value', '')}" for recipient in everyone(envelope) for tab in value_tabs(recipient)]


def _fill(envelope: Envelope, label: str, value: str) -> None:
    """Tabs of one label share their value; a label nobody has yet is added to the first signer."""
    found = [tab for recipient in everyone(envelope) for tab in value_tabs(recipient) if tab["tabLabel"] == label]
    if not found:
        signer = _signing(envelope["recipients"])[0]
        found = [_tab({"tabLabel": label}, signer["recipientId"])]
        signer.setdefault("tabs", {}).setdefault("textTabs", []).extend(found)
    for tab in found:
        tab["value"] = value


def _definition(given: Envelope) -> Envelope:
    """The ``envelopeDefinition`` that a seeded short form stands for."""
    definition = {
        k: v for k, v in given.items() if k in {"emailSubject", "emailBlurb", "transactionId", "customFields", "recipients"}
    }
    if "custom_fields" in given:
        definition["customFields"] = {"textCustomFields": [{"name": n, "value": v} for n, v in given["custom_fields"].items()]}
    if "recipients" not in given:
        signers = [dict(signer) for signer in given.get("signers") or [{"name": "Signer", "email": "signer@example.com"}]]
        signers[0]["tabs"] = {
            "textTabs": [{"tabLabel": label, "value": str(value)} for label, value in given.get("terms", {}).items()]
        }
        definition["recipients"] = {"signers": signers}
    documents = given.get("documents") or ["Contract.pdf"]
    return definition | {"documents": [{"name": d} if isinstance(d, str) else d for d in documents]}


def _fields(given: Envelope) -> Envelope:
    kinds = ("textCustomFields", "listCustomFields")
    numbered = iter(range(10_001, 20_000))
    return {
        kind: [{"fieldId": str(next(numbered)), "show": "false", "required": "false", **f} for f in given.get(kind) or []]
        for kind in kinds
    }


def _recipients(given: Envelope) -> Envelope:
    numbered = iter(range(1, 1_000))
    return {kind: [_recipient(r, next(numbered)) for r in given.get(kind) or []] for kind in RECIPIENT_KINDS}


def _recipient(given: Envelope, number: int) -> Envelope:
    if not given.get("name") or not given.get("email"):
        raise Refusal(
            "INVALID_EMAIL_ADDRESS_FOR_RECIPIENT",
            "The email address for the recipient is invalid. A name and an email are required.",
        )
    recipient_id = str(given.get("recipientId") or number)
    tabs = {
        kind: [_tab(tab, recipient_id) for tab in tabs or []]
        for kind, tabs in (given.get("tabs") or {}).items()
        if isinstance(tabs, list)
    }
    return {
        "routingOrder": "1",
        "status": "created",
        **given,
        "recipientId": recipient_id,
        "recipientIdGuid": str(uuid.uuid4()),
        "tabs": tabs,
    }


def _tab(given: Envelope, recipient_id: str) -> Envelope:
    return {
        "documentId": "1",
        "pageNumber": "1",
        "tabId": str(uuid.uuid4()),
        "originalValue": given.get("value", ""),
        **given,
        "recipientId": recipient_id,
    }


def _document(given: Envelope, number: int) -> Envelope:
    if not given.get("name"):
        raise invalid_parameter("Every document needs a name.")
    return {
        "order": str(number),
        **given,
        "documentId": str(given.get("documentId") or number),
        "documentIdGuid": str(uuid.uuid4()),
    }
