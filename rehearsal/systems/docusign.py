"""DocuSign in rehearsals: the contract in its envelope."""

import uuid
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rehearsal.beginning import Beginning
from rehearsal.deal import Deal
from rehearsal.record import Holding, Json, Record
from rehearsal.systems.system import Secrets, System

APP = "0d6b5f9c-33f8-4f0c-9e0e-7a1f6a9b0c11"
USER = "4b1c2d3e-5f60-4718-8a9b-0c1d2e3f4a5b"
ACCOUNT = "7c8d9e0f-1a2b-4c3d-9e4f-5a6b7c8d9e0f"
_NAMESPACE = uuid.UUID("6f0d5f0e-5a0c-4f7e-9d0f-2b1f6f3c9a11")


class DocuSign(System):
    """E-signature."""

    name = "docusign"
    title = "DocuSign"
    secrets = ("docusign_key", "docusign_connect")
    is_timed = False

    def fresh(self) -> dict[str, str]:
        return {**super().fresh(), "docusign_key": _private_key()}

    def environment(self, secrets: Secrets) -> dict[str, str]:
        return {
            "HANDOFF_DOCUSIGN_INTEGRATION_KEY": APP,
            "HANDOFF_DOCUSIGN_USER_ID": USER,
            "HANDOFF_DOCUSIGN_PRIVATE_KEY": secrets["docusign_key"],
            "HANDOFF_DOCUSIGN_CONNECT_KEY": secrets["docusign_connect"],
        }

    def access(self, secrets: Secrets, gateway: str) -> Json:
        connect = {
            "urlToPublishTo": f"{gateway}/webhooks/docusign",
            "events": ["envelope-completed", "envelope-declined", "envelope-voided"],
            "includeHMAC": "true",
            "allowEnvelopePublish": "true",
            "eventData": {"version": "restv2.1", "format": "json", "includeData": ["custom_fields"]},
        }
        return {
            "apps": {APP: {"public_keys": [_public(secrets["docusign_key"])]}},
            "users": {USER: {"name": "Handoff", "email": "handoff@firm.example", "accounts": [ACCOUNT]}},
            "accounts": {ACCOUNT: {"account_name": "Northwind Advisory", "rate_limit": 100_000, "burst_limit": 100_000}},
            "connect": {"1": connect},
            "connect_keys": {"1": secrets["docusign_connect"]},
        }

    def seed(self, beginning: Beginning) -> Json:
        return {"envelopes": {envelope_id(contract): _envelope(contract, deal) for contract, deal in beginning.deals.items()}}

    def shown(self, contract: str, mine: Sequence[Record], state: Json) -> Iterator[Holding]:
        envelope = state["envelopes"].get(envelope_id(contract), {})
        yield Holding(self.title, "envelope", envelope_id(contract), envelope.get("status", "none"))


def envelope_id(contract: str) -> str:
    """The envelope that a contract is signed in."""
    return str(uuid.uuid5(_NAMESPACE, contract))


def _envelope(contract: str, deal: Deal) -> Json:
    return {
        "status": "sent",
        "emailSubject": f"Statement of work {contract}",
        "custom_fields": {"ContractReference": contract},
        "signers": [{"name": f"Signatory of {deal.customer.name}", "email": "signatory@customer.example"}],
        "terms": deal.terms(),
        "documents": [f"{contract}.pdf"],
    }


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()).decode()


def _public(private: str) -> str:
    key = serialization.load_pem_private_key(private.encode(), password=None)
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
