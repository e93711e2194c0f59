"""DocuSign envelope -> our signed contract and our event. Pure: no I/O, no clock, no settings."""

from datetime import UTC, datetime

from pydantic import ValidationError

from canonical.document import DocumentReference, SignedContract, SigningState
from canonical.errors import Rejected
from canonical.event import FactKind, InboundEvent
from connectors.docusign.schemas import Envelope, Instants, Message, Signer

COMBINED = "combined"
OBJECT = "envelope"

STATES = {
    "completed": SigningState.EXECUTED,
    "declined": SigningState.DECLINED,
    "voided": SigningState.VOIDED,
    "deleted": SigningState.VOIDED,
}
"""Every other status is on its way; one we do not know activates nothing."""

KINDS = {
    "completed": FactKind.CONTRACT_EXECUTED,
    "declined": FactKind.CONTRACT_VOIDED,
    "voided": FactKind.CONTRACT_VOIDED,
    "deleted": FactKind.CONTRACT_VOIDED,
}


def signed_contract(envelope: Envelope, *, system: str, contract_field: str) -> SignedContract:
    """What was signed: the terms by their labels, by whom, and where the document is."""
    executed_at = envelope.completed_date_time if envelope.status == "completed" else None
    name = envelope.email_subject or envelope.envelope_id
    try:
        return SignedContract(
            target_id=envelope.envelope_id,
            version=written(executed_at or envelope.status_changed_date_time),
            contract=contract_of(envelope, contract_field),
            state=STATES.get(envelope.status, SigningState.UNDER_WAY),
            executed_at=executed_at,
            signers=tuple(signer.name for signer in envelope.recipients.all if signer.status == "completed"),
            terms=terms(envelope),
            document=DocumentReference(system=system, target_id=f"{envelope.envelope_id}/{COMBINED}", name=f"{name}.pdf"),
        )
    except ValidationError as error:
        raise Rejected(
            f"The envelope '{name}' carries no usable contract reference",
            remedy=f"Correct the custom field '{contract_field}' of the envelope, then settle with retry.",
            evidence={"envelope": envelope.envelope_id, "problem": error.errors()[0]["msg"]},
        ) from error


def terms(envelope: Envelope) -> dict[str, str]:
    """Every filled tab by its label; two signers who filled one label differently are a matter for a person."""
    found: dict[str, str] = {}
    for label, value in (pair for signer in envelope.recipients.all for pair in _filled(signer)):
        if found.setdefault(label, value) != value:
            raise Rejected(
                f"The envelope '{envelope.email_subject}' says both {found[label]!r} and {value!r} for '{label}'",
                remedy=f"Have the envelope corrected and signed again with one value for '{label}'.",
                evidence={"envelope": envelope.envelope_id, "label": label, "one": found[label], "other": value},
            )
    return found


def contract_of(envelope: Instants, contract_field: str) -> str | None:
    """Our contract reference, from the custom field that carries it."""
    fields = (*envelope.custom_fields.text_custom_fields, *envelope.custom_fields.list_custom_fields)
    values = (field.value.strip() for field in fields if field.name == contract_field and field.value)
    return next((value for value in values if value), None)


def polled(envelope: Envelope, *, system: str, contract_field: str) -> InboundEvent:
    """A change found by asking: the same event as Connect would have told."""
    at = envelope.reached(envelope.status) or envelope.status_changed_date_time
    return _event(system, envelope.envelope_id, envelope.status, at, contract_of(envelope, contract_field))


def told(message: Message, *, system: str, contract_field: str) -> InboundEvent:
    """A change that Connect tells: its version is when that status was reached, however late it arrives."""
    summary, status = message.data.envelope_summary, message.event.removeprefix("envelope-")
    at = summary.reached(status) or message.generated_date_time
    return _event(system, message.data.envelope_id, status, at, contract_of(summary, contract_field))


def newest(envelopes: list[Envelope]) -> Envelope | None:
    """The newest executed one, else the newest of any state."""
    return max(envelopes, key=_precedence, default=None)


def written(instant: datetime) -> str:
    """A version as text: REST writes seven decimals and Connect three, so neither is taken as it comes."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")


def _event(system: str, envelope_id: str, status: str, at: datetime, contract: str | None) -> InboundEvent:
    return InboundEvent(
        source=system,
        event_id=f"{envelope_id}:{status}:{written(at)}",
        kind=KINDS.get(status, FactKind.RECORD_CHANGED),
        object_kind=OBJECT,
        object_id=envelope_id,
        object_version=written(at),
        contract=contract,
        occurred_at=at,
    )


def _precedence(envelope: Envelope) -> tuple[bool, datetime]:
    executed = envelope.completed_date_time if envelope.status == "completed" else None
    return executed is not None, executed or envelope.status_changed_date_time


def _filled(signer: Signer) -> list[tuple[str, str]]:
    return [(tab.tab_label, tab.value.strip()) for tab in signer.tabs.all if tab.tab_label and tab.value and tab.value.strip()]
