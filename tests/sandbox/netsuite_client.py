"""The PyPI client ``netsuite`` against our simulated account: other people's code, told where the account is."""

import contextlib
import json
from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx as httpx_of_the_client  # noqa: TID251 (the client under test is built on it)
import pytest
from netsuite import Config, NetSuiteRestApi, TokenAuth  # type: ignore[import-untyped]
from netsuite.exceptions import NetsuiteAPIRequestError  # type: ignore[import-untyped]

from sandbox.netsuite import VENDOR
from sandbox.serve import serving_in_thread
from sandbox.tls import certificate
from sandbox.vendor import SimulatedVendor

ACCOUNT = "TSTDRV4242_SB1"
KEYS = {"consumer_key": "ck", "consumer_secret": "cs", "token_id": "ti", "token_secret": "ts"}
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
ASYNC = {"Prefer": "respond-async"}
WORLD: dict[str, Any] = {
    "account": {"id": ACCOUNT, "tba": [KEYS], "custom_fields": {"job": {"custentity_practice": "classification"}}},
    "currency": {"1": {"name": "US Dollar", "symbol": "USD"}},
    "subsidiary": {
        "1": {"externalId": "US01", "name": "US01", "currency": {"id": "1"}},
        "2": {"externalId": "UK01", "name": "UK01", "currency": {"id": "1"}},
    },
    "classification": {"7": {"externalId": "ADV", "name": "Advisory"}},
    "customer": {
        "17": {"entityId": "C-17", "companyName": "Harbor", "isPerson": False, "subsidiary": {"id": "1"}, "balance": 120.5},
        "18": {"entityId": "C-18", "companyName": "Gone", "isPerson": False, "subsidiary": {"id": "1"}, "isInactive": True},
    },
}
HARBOR = {"companyName": "Harbor Retail", "isPerson": False, "subsidiary": {"id": "1"}}


class AuthlibSignature(httpx_of_the_client.Auth):
    """Authlib's own signature in the client's httpx: where both are installed, Authlib takes httpx2, the client the older."""

    requires_request_body = True

    def __init__(self, signer: Any) -> None:
        self._signer = signer

    def auth_flow(self, request: httpx_of_the_client.Request) -> Generator[httpx_of_the_client.Request, Any, None]:
        given = {"Content-Type": request.headers.get("Content-Type", "")}
        _, headers, _ = self._signer.prepare(request.method, str(request.url), given, request.content)
        request.headers["Authorization"] = headers["Authorization"]
        yield request


class LocalRest(NetSuiteRestApi):  # type: ignore[misc]
    """Other people's client, told where the account is."""

    def __init__(self, config: Config, host: str) -> None:
        super().__init__(config)
        self._host = host

    @cached_property
    def hostname(self) -> str:
        return self._host

    def _make_auth(self) -> AuthlibSignature:
        return AuthlibSignature(super()._make_auth())


def a_client(host: str, **keys: str) -> LocalRest:
    return LocalRest(Config(account=ACCOUNT, auth=TokenAuth(**{**KEYS, **keys})), host)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[SimulatedVendor, str, Path]]:
    """The account over TLS, as the client insists: the vendor, its host, and the authority to trust."""
    chain, key, authority = certificate(folder)
    vendor = VENDOR()
    with serving_in_thread(vendor, certificate=(chain, key)) as url:
        yield vendor, url.removeprefix("https://"), authority


def as_new(account: tuple[SimulatedVendor, str, Path], environment: pytest.MonkeyPatch) -> LocalRest:
    """The client of an account that holds nothing but the world."""
    vendor, host, authority = account
    environment.setenv("SSL_CERT_FILE", str(authority))
    vendor.reset()
    vendor.seed(WORLD)
    return a_client(host)


def refusal(raised: pytest.ExceptionInfo[NetsuiteAPIRequestError]) -> tuple[int, str]:
    body = json.loads(raised.value.response_text)
    return raised.value.status_code, body["o:errorDetails"][0]["o:errorCode"]


def refusal_of(answer: Any) -> str:
    """The error code of an answer."""
    return str(answer.json()["o:errorDetails"][0]["o:errorCode"])


async def job_of(client: LocalRest, answer: Any) -> dict[str, Any]:
    """The finished job that an asynchronous call was told of."""
    found: dict[str, Any] = await client.get(answer.headers["Location"].removeprefix("/services/rest"))
    assert found["completed"] is True
    return found
