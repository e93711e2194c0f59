"""A DocuSign account for tests: an app with its key pair, a user, an account, and signed contracts."""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

APP = "5a1c7e1e-7f43-4d8c-9d3f-3c2f7f7f0a01"
USER = "8f1d9f0a-2b61-4f2a-8a53-0a6d5a9b0b02"
ACCOUNT = "c0a8f5d2-1f0e-4b7a-9f55-6e1f0c9d0c03"
SIGNED = "93be49ab-0000-4000-8000-000000000001"
KEYS = {"1": "the old key", "2": "the new key"}

TERMS = {
    "total": "100000.00",
    "currency": "USD",
    "legal_entity": "US01",
    "payment_terms_days": "30",
    "line.L1.amount": "60000.00",
    "line.L1.kind": "fixed_fee",
    "line.L2.rate.Senior": "225.00",
    "milestone.M1.amount": "40000.00",
    "po.WS-A": "PO-7001",
}


@cache
def key_pair() -> tuple[str, str]:
    """The app's private and public key as PEM; one a test run."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode(), public.decode()


def an_envelope(contract: str = "C-100", **changed: Any) -> dict[str, Any]:
    """A signed statement of work, in the short form of a seeded world."""
    return {
        "status": "completed",
        "emailSubject": f"Statement of work {contract}",
        "custom_fields": {"ContractReference": contract},
        "signers": [{"name": "Ann Acme", "email": "ann@acme.example"}],
        "terms": TERMS,
        "documents": ["SOW.pdf"],
        "at": "2026-03-31T16:00:00.123Z",
    } | changed


def a_world(**changed: Any) -> dict[str, Any]:
    """An account that holds one signed contract."""
    return {
        "apps": {APP: {"public_keys": [key_pair()[1]]}},
        "users": {USER: {"name": "Handoff Integration", "email": "handoff@example.com", "accounts": [ACCOUNT]}},
        "accounts": {ACCOUNT: {"account_name": "Services Inc"}},
        "connect_keys": KEYS,
        "envelopes": {SIGNED: an_envelope()},
    } | changed


def a_connect_configuration(url: str, **changed: Any) -> dict[str, Any]:
    """An account-wide Connect configuration for JSON SIM messages."""
    return {
        "urlToPublishTo": url,
        "events": ["envelope-sent", "envelope-delivered", "envelope-completed", "envelope-declined", "envelope-voided"],
        "includeHMAC": "true",
        "allowEnvelopePublish": "true",
        "eventData": {"version": "restv2.1", "format": "json", "includeData": ["custom_fields"]},
    } | changed
