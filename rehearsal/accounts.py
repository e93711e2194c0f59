"""The demo firm's accounts at the simulated vendors: how we sign in there, and what each vendor must hold to let us in."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rehearsal.world import Json, SystemName

NETSUITE_ACCOUNT = "TSTDRV7700001_SB1"
DOCUSIGN_APP = "0d6b5f9c-33f8-4f0c-9e0e-7a1f6a9b0c11"
DOCUSIGN_USER = "4b1c2d3e-5f60-4718-8a9b-0c1d2e3f4a5b"
DOCUSIGN_ACCOUNT = "7c8d9e0f-1a2b-4c3d-9e4f-5a6b7c8d9e0f"
SHAREPOINT_TENANT = "6f7a2c1e-0d9b-4c53-9a41-5f1e8b2d7c60"
SHAREPOINT_CLIENT = "b1d5e8f0-3a2c-4d6e-8f90-1a2b3c4d5e6f"


@dataclass(frozen=True)
class Accounts:
    """Everything secret that the firm and the simulated vendors share; random, and the same for as long as its file."""

    salesforce_secret: str
    salesforce_webhook: str
    docusign_key: str
    docusign_connect: str
    kantata_token: str
    netsuite_consumer: str
    netsuite_token: str
    sharepoint_secret: str

    @classmethod
    def fresh(cls) -> Self:
        """New secrets."""
        words = {name: secrets.token_urlsafe(24) for name in cls.__dataclass_fields__ if name != "docusign_key"}
        return cls(docusign_key=_private_key(), **words)

    @classmethod
    def kept_in(cls, file: Path) -> Self:
        """Those of this file; made at the first time, readable by us only."""
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                json.dump(asdict(cls.fresh()), new)
        return cls(**json.loads(file.read_text()))

    @property
    def environment(self) -> dict[str, str]:
        """What the demo landscape's references (env:NAME) resolve to."""
        return {
            "HANDOFF_SALESFORCE_CLIENT_ID": "handoff-sandbox",
            "HANDOFF_SALESFORCE_CLIENT_SECRET": self.salesforce_secret,
            "HANDOFF_SALESFORCE_WEBHOOK_SECRET": self.salesforce_webhook,
            "HANDOFF_DOCUSIGN_INTEGRATION_KEY": DOCUSIGN_APP,
            "HANDOFF_DOCUSIGN_USER_ID": DOCUSIGN_USER,
            "HANDOFF_DOCUSIGN_PRIVATE_KEY": self.docusign_key,
            "HANDOFF_DOCUSIGN_CONNECT_KEY": self.docusign_connect,
            "HANDOFF_KANTATA_TOKEN": self.kantata_token,
            "HANDOFF_NETSUITE_ACCOUNT": NETSUITE_ACCOUNT,
            "HANDOFF_NETSUITE_CONSUMER_KEY": "handoff",
            "HANDOFF_NETSUITE_CONSUMER_SECRET": self.netsuite_consumer,
            "HANDOFF_NETSUITE_TOKEN_ID": "handoff-rehearsal",
            "HANDOFF_NETSUITE_TOKEN_SECRET": self.netsuite_token,
            "HANDOFF_SHAREPOINT_TENANT": SHAREPOINT_TENANT,
            "HANDOFF_SHAREPOINT_CLIENT_ID": SHAREPOINT_CLIENT,
            "HANDOFF_SHAREPOINT_CLIENT_SECRET": self.sharepoint_secret,
        }

    def seeds(self, gateway: str) -> dict[SystemName, Json]:
        """What each vendor must hold before any world: our access, and where its webhooks go."""
        return {
            "salesforce": {"_org": self._org(gateway)},
            "docusign": self._docusign(gateway),
            "kantata": {"tokens": {self.kantata_token: {"user_id": "1", "permission": "administrator"}}},
            "netsuite": {"account": self._netsuite()},
            "sharepoint": {"applications": {SHAREPOINT_CLIENT: self._application()}},
        }

    def _org(self, gateway: str) -> Json:
        url = f"{gateway}/webhooks/salesforce/{self.salesforce_webhook}"
        watched = ["StageName", "Contract_Reference__c", "Purchase_Orders__c", "Legal_Entity__c"]
        return {
            "client_secret": self.salesforce_secret,
            "outbound_messages": [{"object": "Opportunity", "url": url, "on": watched}, {"object": "Contract", "url": url}],
        }

    def _docusign(self, gateway: str) -> Json:
        connect = {
            "urlToPublishTo": f"{gateway}/webhooks/docusign",
            "events": ["envelope-completed", "envelope-declined", "envelope-voided"],
            "includeHMAC": "true",
            "allowEnvelopePublish": "true",
            "eventData": {"version": "restv2.1", "format": "json", "includeData": ["custom_fields"]},
        }
        return {
            "apps": {DOCUSIGN_APP: {"public_keys": [_public(self.docusign_key)]}},
            "users": {DOCUSIGN_USER: {"name": "Handoff", "email": "handoff@firm.example", "accounts": [DOCUSIGN_ACCOUNT]}},
            "accounts": {DOCUSIGN_ACCOUNT: {"account_name": "Northwind Advisory", "rate_limit": 100_000, "burst_limit": 100_000}},
            "connect": {"1": connect},
            "connect_keys": {"1": self.docusign_connect},
        }

    def _netsuite(self) -> Json:
        credentials = {
            "consumer_key": "handoff",
            "consumer_secret": self.netsuite_consumer,
            "token_id": "handoff-rehearsal",
            "token_secret": self.netsuite_token,
        }
        return {"id": NETSUITE_ACCOUNT, "tba": [credentials]}

    def _application(self) -> Json:
        return {
            "displayName": "Handoff",
            "secrets": [{"value": self.sharepoint_secret}],
            "certificates": [],
            "roles": ["Sites.ReadWrite.All"],
        }


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()).decode()


def _public(private: str) -> str:
    key = serialization.load_pem_private_key(private.encode(), password=None)
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
