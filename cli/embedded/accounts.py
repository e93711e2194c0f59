"""The firm's accounts at the simulated vendors: secrets made once and kept, as settings for us and as a seed for the vendors."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx2 as httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, Field

_ACCOUNT = "c0a8f5d2-1f0e-4b7a-9f55-6e1f0c9d0c03"
_APP, _USER = "5a1c7e1e-7f43-4d8c-9d3f-3c2f7f7f0a01", "8f1d9f0a-2b61-4f2a-8a53-0a6d5a9b0b02"
_NETSUITE = "TSTDRV4242_SB1"
_ENTRA_APP, _TENANT = "b1d5e8f0-3a2c-4d6e-8f90-1a2b3c4d5e6f", "northwind.onmicrosoft.com"
_CURRENCIES = {"1": ("US Dollar", "USD"), "2": ("British Pound", "GBP"), "3": ("Euro", "EUR"), "4": ("Indian Rupee", "INR")}
_SUBSIDIARIES = {"1": "US01", "2": "UK01", "3": "DE01", "4": "IN01"}  # as the demo landscape numbers them
_ROLES = ("Principal", "Architect", "Senior", "Consultant", "Analyst")


def _secret() -> str:
    return secrets.token_urlsafe(24)


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


class Accounts(BaseModel):
    """The secrets, fresh unless kept."""

    salesforce: str = Field(default_factory=_secret)
    salesforce_address: str = Field(default_factory=_secret)
    docusign_private_key: str = Field(default_factory=_private_key)
    docusign_connect: str = Field(default_factory=_secret)
    kantata: str = Field(default_factory=_secret)
    netsuite_consumer: str = Field(default_factory=_secret)
    netsuite_token: str = Field(default_factory=_secret)
    sharepoint: str = Field(default_factory=_secret)

    @classmethod
    def kept_in(cls, file: Path) -> Self:
        """Those of this file, which its owner alone may read; made at the first time."""
        if file.exists():
            return cls.model_validate_json(file.read_text())
        made = cls()
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(made.model_dump_json())
        return made

    def environment(self) -> dict[str, str]:
        """What policies/demo/landscape refers to."""
        return {
            "HANDOFF_SALESFORCE_CLIENT_ID": "handoff",
            "HANDOFF_SALESFORCE_CLIENT_SECRET": self.salesforce,
            "HANDOFF_SALESFORCE_WEBHOOK_SECRET": self.salesforce_address,
            "HANDOFF_DOCUSIGN_INTEGRATION_KEY": _APP,
            "HANDOFF_DOCUSIGN_USER_ID": _USER,
            "HANDOFF_DOCUSIGN_PRIVATE_KEY": self.docusign_private_key,
            "HANDOFF_DOCUSIGN_CONNECT_KEY": self.docusign_connect,
            "HANDOFF_KANTATA_TOKEN": self.kantata,
            "HANDOFF_NETSUITE_ACCOUNT": _NETSUITE,
            "HANDOFF_NETSUITE_CONSUMER_KEY": "handoff-consumer",
            "HANDOFF_NETSUITE_CONSUMER_SECRET": self.netsuite_consumer,
            "HANDOFF_NETSUITE_TOKEN_ID": "handoff-token",
            "HANDOFF_NETSUITE_TOKEN_SECRET": self.netsuite_token,
            "HANDOFF_SHAREPOINT_TENANT": _TENANT,
            "HANDOFF_SHAREPOINT_CLIENT_ID": _ENTRA_APP,
            "HANDOFF_SHAREPOINT_CLIENT_SECRET": self.sharepoint,
        }

    def worlds(self, gateway: str) -> dict[str, dict[str, Any]]:
        """What each vendor is seeded with: who may call, what every firm has there, and where deliveries go."""
        return {
            "salesforce": {"_org": self._org(gateway)},
            "docusign": self._docusign(gateway),
            "kantata": self._kantata(),
            "netsuite": self._netsuite(),
            "sharepoint": {
                "tenant": {"domain": _TENANT},
                "applications": {
                    _ENTRA_APP: {
                        "displayName": "Handoff",
                        "secrets": [{"value": self.sharepoint}],
                        "roles": ["Sites.ReadWrite.All"],
                    }
                },
            },
        }

    def _org(self, gateway: str) -> dict[str, Any]:
        address = f"{gateway}/webhooks/salesforce/{self.salesforce_address}"
        return {
            "client_id": "handoff",
            "client_secret": self.salesforce,
            "outbound_messages": [{"object": name, "url": address} for name in ("Opportunity", "Contract")],
        }

    def _docusign(self, gateway: str) -> dict[str, Any]:
        private = serialization.load_pem_private_key(self.docusign_private_key.encode(), None)
        public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        user = {"name": "Handoff Integration", "email": "handoff@northwind.example", "accounts": [_ACCOUNT]}
        connect = {
            "urlToPublishTo": f"{gateway}/webhooks/docusign",
            "events": [f"envelope-{event}" for event in ("sent", "delivered", "completed", "declined", "voided")],
            "includeHMAC": "true",
            "allowEnvelopePublish": "true",
            "eventData": {"version": "restv2.1", "format": "json", "includeData": ["custom_fields"]},
        }
        return {
            "apps": {_APP: {"public_keys": [public.decode()]}},
            "users": {_USER: user},
            "accounts": {_ACCOUNT: {"account_name": "Northwind Advisory"}},
            "connect": {"1": connect},
            "connect_keys": {"1": self.docusign_connect},
        }

    def _kantata(self) -> dict[str, Any]:
        roles = {str(number): {"name": name} for number, name in enumerate(_ROLES, 11)}
        return {"tokens": {self.kantata: {"user_id": "1", "permission": "administrator"}}, "roles": roles}

    def _netsuite(self) -> dict[str, Any]:
        signing = {
            "consumer_key": "handoff-consumer",
            "consumer_secret": self.netsuite_consumer,
            "token_id": "handoff-token",
            "token_secret": self.netsuite_token,
        }
        return {
            "account": {"id": _NETSUITE, "tba": [signing]},
            "currency": {number: {"name": name, "symbol": symbol} for number, (name, symbol) in _CURRENCIES.items()},
            "subsidiary": {
                number: {"externalId": entity, "name": entity, "currency": {"id": number}}
                for number, entity in _SUBSIDIARIES.items()
            },
        }


async def seed(addresses: Mapping[str, str], worlds: Mapping[str, Mapping[str, Any]]) -> None:
    """Add a world to each vendor that is served at one of these addresses."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for name, world in worlds.items():
            if name in addresses:
                (await http.post(f"{addresses[name]}/_sandbox/seed", json=world)).raise_for_status()
