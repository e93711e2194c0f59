"""Ways to prove who we are: static bearer tokens, and tokens that are fetched, kept and renewed once for all callers."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
from pydantic import SecretStr

from canonical.errors import Misconfigured
from connectors.http import naming_transport_failures, raise_for

_EARLY_SECONDS = 60.0


@dataclass(frozen=True)
class Token:
    """An access token; ``expires_at`` on the monotonic clock (None: not said), ``extra`` the rest of the answer."""

    value: SecretStr
    expires_at: float | None
    extra: dict[str, Any]


class TokenAuth(httpx.Auth):
    """Sends a fetched token; fetches it once for all concurrent callers, again before it expires, and once after a 401."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]], *, scheme: str = "Bearer") -> None:
        self._fetch, self._scheme = fetch, scheme
        self._token: Token | None = None
        self._lock = asyncio.Lock()

    async def token(self, *, refused: Token | None = None) -> Token:
        """The token in force; ``refused`` is one that did not work, so that only its first loser fetches."""
        async with self._lock:
            if self._token is None or self._token is refused or _is_due(self._token):
                self._token = await self._fetch()
            return self._token

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """httpx's hook: one more try after a 401."""
        token = await self.token()
        request.headers["Authorization"] = f"{self._scheme} {token.value.get_secret_value()}"
        answer = yield request
        if answer.status_code == 401:
            token = await self.token(refused=token)
            request.headers["Authorization"] = f"{self._scheme} {token.value.get_secret_value()}"
            yield request


async def fetch_token(
    http: httpx.AsyncClient, url: str, form: dict[str, str], *, system: str, auth: tuple[str, str] | None = None
) -> Token:
    """The token endpoint of OAuth 2 (RFC 6749), which every vendor here speaks with one grant or another."""
    with naming_transport_failures(system):
        answer = await http.post(url, data=form, auth=auth or httpx.USE_CLIENT_DEFAULT, headers={"Accept": "application/json"})
    if answer.status_code in {400, 401, 403}:
        raise Misconfigured(
            f"{system} gives no access token",
            remedy="Check the client, its key and its consent.",
            evidence={"answer": _error_of(answer)},
        )
    raise_for(answer, system=system)
    body = answer.json()
    seconds = body.get("expires_in")
    expires = time.monotonic() + float(seconds) if seconds is not None else None
    return Token(
        SecretStr(body["access_token"]),
        expires,
        {k: v for k, v in body.items() if k not in {"access_token", "refresh_token", "id_token"}},
    )


def _is_due(token: Token) -> bool:
    return token.expires_at is not None and time.monotonic() > token.expires_at - min(_EARLY_SECONDS, 0.1 * _EARLY_SECONDS)


def _error_of(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return str(answer.status_code)
    return (
        f"{answer.status_code} {body.get('error', '')} {body.get('error_description', '')}"
        if isinstance(body, dict)
        else str(answer.status_code)
    )
