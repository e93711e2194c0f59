"""How envelopes and their parts look over REST: everything is a string, and only what was asked for is included."""

from typing import Any

from sandbox.docusign.envelopes import RECIPIENT_KINDS, Envelope, everyone, value_tabs
from sandbox.docusign.times import over_rest

_PLAIN = ("envelopeId", "status", "emailSubject", "emailBlurb", "transactionId", "voidedReason", "sender")
_INSTANTS = ("created", "initialSent", "sent", "delivered", "completed", "declined", "voided", "statusChanged", "lastModified")
_FLAGS = {
    "purgeState": "unpurged",
    "isSignatureProviderEnvelope": "false",
    "enableWetSign": "true",
    "allowMarkup": "false",
    "allowReassign": "true",
}


def envelope(held: Envelope, include: set[str]) -> dict[str, Any]:
    """One envelope with the parts asked for."""
    path = f"/envelopes/{held['envelopeId']}"
    shown = {name: held[name] for name in _PLAIN if held.get(name)} | _instants(held, _INSTANTS) | _FLAGS
    shown |= {
        "envelopeUri": path,
        "documentsUri": f"{path}/documents",
        "documentsCombinedUri": f"{path}/documents/combined",
        "certificateUri": f"{path}/documents/certificate",
        "recipientsUri": f"{path}/recipients",
        "customFieldsUri": f"{path}/custom_fields",
        "notificationUri": f"{path}/notification",
        "templatesUri": f"{path}/templates",
    }
    if "custom_fields" in include:
        shown["customFields"] = held["customFields"]
    if "recipients" in include:
        shown["recipients"] = recipients(held, with_tabs="tabs" in include)
    if "documents" in include:
        shown["envelopeDocuments"] = documents(held)["envelopeDocuments"]
    return shown


def recipients(held: Envelope, *, with_tabs: bool) -> dict[str, Any]:
    """All recipients by kind."""
    by_kind = {kind: [_recipient(r, with_tabs=with_tabs) for r in held["recipients"].get(kind) or []] for kind in RECIPIENT_KINDS}
    return {**by_kind, "recipientCount": str(len(everyone(held))), "currentRoutingOrder": "1"}


def documents(held: Envelope) -> dict[str, Any]:
    """The documents, and behind them the certificate of completion."""
    path = f"/envelopes/{held['envelopeId']}/documents"
    listed = [
        {
            **{name: document[name] for name in ("documentId", "documentIdGuid", "name", "order")},
            "type": "content",
            "uri": f"{path}/{document['documentId']}",
            "display": "inline",
            "includeInDownload": "true",
            "signerMustAcknowledge": "no_interaction",
            "templateRequired": "false",
            "availableDocumentTypes": [{"type": "electronic", "isDefault": "true"}],
        }
        for document in held["documents"]
    ]
    certificate = {
        "documentId": "certificate",
        "name": "Summary",
        "order": "999",
        "type": "summary",
        "uri": f"{path}/certificate",
        "display": "inline",
    }
    return {"envelopeId": held["envelopeId"], "envelopeDocuments": [*listed, certificate]}


def form_data(held: Envelope) -> dict[str, Any]:
    """What was filled in, by field and by recipient."""
    by_recipient = [(recipient, [_form_item(tab) for tab in value_tabs(recipient)]) for recipient in everyone(held)]
    return {
        "envelopeId": held["envelopeId"],
        "emailSubject": held["emailSubject"],
        "status": held["status"],
        **_instants(held, ("sent",)),
        "formData": [item for _, items in by_recipient for item in items],
        "prefillFormData": {"formData": []},
        "recipientFormData": [
            {"recipientId": r["recipientId"], "name": r["name"], "email": r["email"], "formData": items, **_form_times(r)}
            for r, items in by_recipient
        ],
    }


def _recipient(held: Envelope, *, with_tabs: bool) -> dict[str, Any]:
    shown = {name: value for name, value in held.items() if name != "tabs" and not name.endswith("DateTime")}
    shown |= _instants(held, ("sent", "delivered", "signed", "declined"))
    return shown | ({"tabs": held["tabs"], "totalTabCount": str(sum(map(len, held["tabs"].values())))} if with_tabs else {})


def _form_item(tab: Envelope) -> dict[str, Any]:
    return {"name": tab["tabLabel"], "value": tab.get("value", ""), "originalValue": tab.get("originalValue", "")}


def _form_times(recipient: Envelope) -> dict[str, str]:
    # Capitalised in DocuSign's own contract, unlike every other name in it.
    named = {
        "SentTime": "sentDateTime",
        "DeliveredTime": "deliveredDateTime",
        "SignedTime": "signedDateTime",
        "DeclinedTime": "declinedDateTime",
    }
    return {shown: over_rest(recipient[kept]) for shown, kept in named.items() if kept in recipient}


def _instants(held: Envelope, names: tuple[str, ...]) -> dict[str, str]:
    return {f"{name}DateTime": over_rest(held[f"{name}DateTime"]) for name in names if f"{name}DateTime" in held}
