"""Tokens of a real identity provider that publishes its keys over HTTP: only genuine ones are believed."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from canonical.errors import NotReached
from gateway.identity import Identities, NotAuthenticated
from gateway.provider_keys import ProviderKeys
from ledger.books import Books
from runtime.settings import GatewaySettings
from tests.gateway.house import PEOPLE, House, a_house, problem_of, served
from tests.runtime.rsa import PRIVATE_PEM

pytestmark = pytest.mark.asyncio(loop_scope="session")

ISSUER = "https://id.example"
KEY = RSAKey.import_key(PRIVATE_PEM, {"kid": "k1", "use": "sig"})


class Provider:
    """An identity provider: signs tokens, publishes the public halves of its keys, and may be away."""

    def __init__(self) -> None:
        self.keys: list[RSAKey | ECKey] = [KEY]
        self.asked, self.is_away = 0, False

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/jwks")
        async def keys() -> JSONResponse:
            self.asked += 1
            published = KeySet([*self.keys]).as_dict(private=False)
            return JSONResponse(dict(published), status_code=500 if self.is_away else 200)

        return app

    def rotate(self) -> None:
        self.keys = [ECKey.generate_key("P-256", {"kid": f"k{len(self.keys) + 1}", "use": "sig"})]

    def token(self, alg: str = "RS256", **changes: Any) -> str:
        key = self.keys[0]
        claims = {"iss": ISSUER, "aud": "handoff", "sub": PEOPLE["fin"], "exp": int(time.time()) + 300, **changes}
        held = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": alg, "kid": key.kid}, held, key, algorithms=[alg])


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[tuple[Provider, str]]:
    one = Provider()
    async with served(one.app()) as url:
        yield one, f"{url}/jwks"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def guarded(books: Books, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    home = tmp_path_factory.mktemp("guarded")
    async with served(Provider().app()) as url, a_house(books, home, issuer=ISSUER, jwks_url=f"{url}/jwks") as house:
        yield house


def identities(url: str, *, pause: float = 0) -> Identities:
    return Identities(GatewaySettings(issuer=ISSUER, jwks_url=url), provider=ProviderKeys(url, pause=pause))


async def test_a_genuine_token_says_who_calls(guarded: House) -> None:
    token = Provider().token(aud=["something-else", "handoff"])
    answer = await guarded.http.get("/v1/counts", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert (await guarded.http.get("/v1/counts", headers={"Authorization": f"bearer {token}"})).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"aud": "another-application"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"nbf": int(time.time()) + 10 * 86_400},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
    ],
    ids=["expired", "no end", "for another", "for nobody", "of another", "not yet", "no subject", "a number", "nobody"],
)
async def test_a_token_with_a_wrong_claim_is_not_believed(guarded: House, changes: dict[str, Any]) -> None:
    token = Provider().token(**changes)
    answer = await guarded.http.get("/v1/counts", headers={"Authorization": f"Bearer {token}"})
    said = problem_of(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert token not in answer.text and "detail" not in said  # why is in our log only


async def test_unsigned_and_wrongly_signed_tokens_are_not_believed(provider: tuple[Provider, str]) -> None:
    one, url = provider
    who, good = identities(url), one.token()
    head, claims, signature = good.split(".")
    confused = _signed_with_the_public_key({"sub": PEOPLE["fin"], "iss": ISSUER, "aud": "handoff", "exp": int(time.time()) + 300})
    forged = [
        f"{_part({'alg': 'none', 'kid': 'k1'})}.{claims}.",
        f"{head}.{claims}.",
        f"{head}.{claims}.{signature[:-4]}AAAA",
        f"{head}.{claims[:-4]}AAAA.{signature}",
        confused,
        *("", "x", "a.b.c", "e30.e30.e30", "W10.W10.W10", "....", "é.é.é", "hk_unknown"),
    ]
    assert await who.subject(f"Bearer {good}") == PEOPLE["fin"]
    for token in forged:
        with pytest.raises(NotAuthenticated):
            await who.subject(f"Bearer {token}")


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """The old trick: the public key, which everybody has, as the secret of a symmetric signature."""
    said = f"{_part({'alg': 'HS256', 'kid': 'k1'})}.{_part(claims)}"
    mac = hmac.new(KEY.as_pem(private=False), said.encode(), hashlib.sha256).digest()
    return f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.parametrize("header", [None, "", "Basic dXNlcjpwdw==", "Bearer", "Bearer "])
async def test_without_a_bearer_token_nobody_is_known(provider: tuple[Provider, str], header: str | None) -> None:
    with pytest.raises(NotAuthenticated):
        await identities(provider[1]).subject(header)


async def test_a_rotated_key_is_fetched_at_once_and_the_retired_one_is_no_longer_believed(provider: tuple[Provider, str]) -> None:
    one, url = provider
    who, old = identities(url), one.token()
    assert await who.subject(f"Bearer {old}") == PEOPLE["fin"]
    one.rotate()
    assert await who.subject(f"Bearer {one.token('ES256')}") == PEOPLE["fin"]
    with pytest.raises(NotAuthenticated):
        await who.subject(f"Bearer {old}")


async def test_invented_key_ids_do_not_make_us_ask_the_provider_without_end(provider: tuple[Provider, str]) -> None:
    one, url = provider
    who = identities(url, pause=60)
    assert await who.subject(f"Bearer {one.token()}")
    stranger = Provider()
    stranger.keys = [RSAKey.import_key(PRIVATE_PEM, {"kid": "invented"})]
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            await who.subject(f"Bearer {stranger.token()}")
    assert one.asked == 1


async def test_a_provider_that_is_away_leaves_us_the_keys_we_have(provider: tuple[Provider, str]) -> None:
    one, url = provider
    one.is_away = True
    fresh = identities(url)
    with pytest.raises(NotReached, match="does not publish"):
        await fresh.subject(f"Bearer {one.token()}")
    one.is_away = False
    assert await fresh.subject(f"Bearer {one.token()}")
    one.is_away = True
    assert await fresh.subject(f"Bearer {one.token()}") == PEOPLE["fin"]


async def test_a_provider_that_cannot_be_reached_is_a_problem_to_try_again(books: Books, tmp_path: Path) -> None:
    async with a_house(books, tmp_path, issuer=ISSUER, jwks_url="http://127.0.0.1:9/jwks") as house:
        answer = await house.http.get("/v1/counts", headers={"Authorization": f"Bearer {Provider().token()}"})
        assert "identity provider" in problem_of(answer, 503)["title"]
        assert int(answer.headers["retry-after"]) >= 1
        assert (await house.get("fin", "/v1/counts")).status_code == 200  # API keys do not need it


async def test_without_a_provider_only_api_keys_are_believed(house: House) -> None:
    token = Provider().token()
    problem_of(await house.http.get("/v1/counts", headers={"Authorization": f"Bearer {token}"}), 401)
    assert (await house.get("ada", "/v1/counts")).status_code == 200
