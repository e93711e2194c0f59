"""The real gateway on a free port, over a real ledger; callers carry API keys of the demo firm's people."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from temporalio.client import Client

from connectors.registry import vendor
from connectors.webhooks import WebhookReader
from gateway.app import create_app
from ledger.books import Books
from operations.office import Office
from runtime.api_keys import ApiKeys
from runtime.codec import EncryptionCodec, KeyRing
from runtime.settings import DatabaseSettings, GatewaySettings, Settings
from tests.activities.firm import demo_policies
from tests.connectors.salesforce_world import settings as salesforce_settings
from tests.runtime.rsa import PRIVATE_PEM

PEOPLE = {
    "sam": "sam.sales@northwind.example",
    "dana": "dana.delivery@northwind.example",
    "fin": "fin.okafor@northwind.example",
    "cora": "cora.control@northwind.example",
    "tessa": "tessa.tax@northwind.example",
    "ines": "ines.integration@northwind.example",
    "ada": "ada.audit@northwind.example",
    "exe": "exe.cutive@northwind.example",
    "handoff": "handoff-cli",
    "stranger": "nobody@elsewhere.example",
}
CONNECT_KEYS = ("the-key-in-use", "the-next-key")
ORG, SECRET = "00D5g00000SndbxEAA", "a-long-unguessable-path-segment"


class Server(uvicorn.Server):
    """uvicorn that leaves signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a free port of loopback; yields its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@dataclass
class House:
    """What a test has in hand; ``keys`` are the people's bearer tokens."""

    office: Office
    http: httpx.AsyncClient
    keys: dict[str, str]
    ring: KeyRing

    async def ask(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        """A request of one of the people."""
        headers = {"Authorization": f"Bearer {self.keys[who]}", **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, who: str, path: str, **more: Any) -> httpx.Response:
        return await self.ask(who, "GET", path, **more)

    async def post(self, who: str, path: str, content: Any = None, **more: Any) -> httpx.Response:
        return await self.ask(who, "POST", path, **({"json": content} if content is not None else {}), **more)

    async def kept(self) -> int:
        """How many rows the inbox holds."""
        rows: int = await self.office.books.database.value("SELECT count(*) FROM inbox")
        return rows


def readers() -> dict[str, WebhookReader]:
    """The ways in of two vendors, with secrets of these tests."""
    docusign = {"integration_key": "k", "user_id": "u", "private_key": PRIVATE_PEM, "connect_keys": CONNECT_KEYS}
    org = salesforce_settings("https://firm.my.salesforce.com", organization_id=ORG, webhook_secrets=(SECRET,))
    sign = vendor("docusign")
    return {
        "docusign": sign.webhooks("docusign", sign.settings.model_validate(docusign)),
        "salesforce": vendor("salesforce").webhooks("salesforce", org),
    }


@contextlib.asynccontextmanager
async def a_house(
    books: Books, home: Path, *, temporal: Client | None = None, environment: str = "development", **gateway: Any
) -> AsyncIterator[House]:
    """A gateway for as long as the block runs; ``gateway`` are its settings."""
    file = home / "api-keys.json"
    keys = {name: ApiKeys(file).issue(subject) for name, subject in PEOPLE.items()}
    KeyRing.rotate(home / "keyring.json")
    ring = KeyRing.read(home / "keyring.json")
    settings = Settings(
        environment=environment,  # type: ignore[arg-type]
        keyring=home / "keyring.json",
        database=DatabaseSettings(dsn=SecretStr("postgresql://somewhere")),
        gateway=GatewaySettings(**{"keys": file, "issuer": "https://id.example", **gateway}),
    )
    office = Office(demo_policies(), books, temporal)
    app = create_app(office, readers(), settings, EncryptionCodec(ring))
    async with served(app) as url, httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        yield House(office, http, keys, ring)


def problem_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of a refusal, which has the form that every refusal has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status and said["title"] and said["remedy"].endswith(".")
    assert said["request_id"] == answer.headers["x-request-id"]
    return said
