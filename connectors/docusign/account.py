"""Signing in to DocuSign: the JWT grant, the host that serves the account, and calls to it within a budget."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2 as httpx
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from canonical.errors import AnswerLost, Misconfigured
from connectors import http
from connectors.auth import Token, TokenAuth
from connectors.docusign import refusals
from connectors.docusign.schemas import ServedAccount, UserInfo, read
from connectors.docusign.settings import Settings
from connectors.http import Budget, Json, naming_transport_failures

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPE = "signature impersonation"
_ASSERTION_SECONDS = 600
_READING = "Update the connector: DocuSign has changed the shape of its answers."


class Account:
    """One DocuSign account as this process reaches it."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.system, self._settings = system, settings
        self._http = http.client(settings.base_url, timeout=settings.timing.read_timeout)
        self._auth = TokenAuth(self._sign_in)
        self._budget = Budget(settings.concurrent_calls)
        self._served: tuple[Token, ServedAccount] | None = None

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def get(self, path: str, query: dict[str, str]) -> httpx.Response:
        """A read under the account's own address."""
        async with self._answering(path, query) as answer:
            with naming_transport_failures(self.system):
                await answer.aread()
            return answer

    async def json(self, path: str, query: dict[str, str]) -> Json:
        """The body of such a read."""
        return self._body(await self.get(path, query))

    async def download(self, path: str, query: dict[str, str]) -> AsyncGenerator[bytes, None]:
        """The content of a document as it comes."""
        async with self._answering(path, query) as answer:
            with naming_transport_failures(self.system):
                async for chunk in answer.aiter_bytes():
                    yield chunk

    async def served(self) -> ServedAccount:
        """The account and its host, asked anew with every new token, since accounts are moved between hosts."""
        token = await self._auth.token()
        if self._served is None or self._served[0] is not token:
            with naming_transport_failures(self.system):
                answer = await self._http.get("/oauth/userinfo", auth=self._auth)
            refusals.raise_for(answer, system=self.system)
            self._served = token, self._chosen(read(self.system, UserInfo, self._body(answer), remedy=_READING))
        return self._served[1]

    @asynccontextmanager
    async def _answering(self, path: str, query: dict[str, str]) -> AsyncIterator[httpx.Response]:
        async with self._budget.slot():
            account = await self.served()
            url = f"{account.base_uri.rstrip('/')}/restapi/v2.1/accounts/{account.account_id}{path}"
            request = self._http.build_request("GET", url, params=query)
            with naming_transport_failures(self.system):
                answer = await self._http.send(request, auth=self._auth, stream=True)
            try:
                await self._require_good(answer)
                yield answer
            finally:
                await answer.aclose()

    async def _require_good(self, answer: httpx.Response) -> None:
        if answer.status_code >= 400:
            with naming_transport_failures(self.system):
                await answer.aread()
            refusals.raise_for(answer, system=self.system)

    async def _sign_in(self) -> Token:
        """A token for an assertion that our key signs (RFC 7523)."""
        with naming_transport_failures(self.system):
            answer = await self._http.post("/oauth/token", data={"grant_type": _GRANT, "assertion": self._assertion()})
        if answer.status_code in {400, 401, 403}:
            raise self._not_let_in(answer)
        refusals.raise_for(answer, system=self.system)
        body = self._body(answer)
        seconds = float(body.get("expires_in", 3600))
        return Token(SecretStr(str(body.get("access_token", ""))), time.monotonic() + seconds, {})

    def _assertion(self) -> str:
        settings, now = self._settings, int(time.time())
        claims = {
            "iss": settings.integration_key,
            "sub": settings.user_id,
            "aud": settings.audience or urlsplit(settings.base_url).netloc,  # the host alone: with https:// it is refused
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            "scope": _SCOPE,
        }
        return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(settings.private_key.get_secret_value()))

    def _not_let_in(self, answer: httpx.Response) -> Misconfigured:
        try:
            body: Any = answer.json()
        except ValueError:
            body = None
        said: Json = body if isinstance(body, dict) else {}
        evidence = {"error": said.get("error", answer.status_code), "description": said.get("error_description", "")}
        if said.get("error") == "consent_required":
            where = urlencode({"response_type": "code", "scope": _SCOPE, "client_id": self._settings.integration_key})
            page = f"{self._settings.base_url}/oauth/auth?{where}&redirect_uri=(one the app has)"
            remedy = f"The user must open {page} and accept, once."
            return Misconfigured(f"{self.system} waits for the user's consent to the app", remedy=remedy, evidence=evidence)
        remedy = "Check integration_key, user_id, private_key and base_url (demo or production) in policies/landscape."
        return Misconfigured(f"{self.system} gives no access token", remedy=remedy, evidence=evidence)

    def _chosen(self, user: UserInfo) -> ServedAccount:
        wanted = self._settings.account_id
        matching = [a for a in user.accounts if (a.account_id == wanted if wanted else a.is_default)]
        if not matching:
            raise Misconfigured(
                f"{self.system} does not let this user into account {wanted or '(default)'}",
                remedy="Correct account_id in policies/landscape, or add the user to that account.",
                evidence={"accounts of the user": ", ".join(a.account_id for a in user.accounts)},
            )
        self._require_trusted(matching[0].base_uri)
        return matching[0]

    def _require_trusted(self, base_uri: str) -> None:
        """Our token goes there: only to the host we are configured for, or over TLS to the vendor's own domains."""
        theirs, ours = urlsplit(base_uri), urlsplit(self._settings.base_url)
        if (theirs.scheme, theirs.netloc) == (ours.scheme, ours.netloc):
            return
        host = theirs.hostname or ""
        if theirs.scheme == "https" and any(host == d or host.endswith(f".{d}") for d in self._settings.api_domains):
            return
        raise Misconfigured(
            f"{self.system} says that the account is served by {base_uri}, which is not trusted",
            remedy="If that host is DocuSign's, add its domain to api_domains in policies/landscape.",
            evidence={"base_uri": base_uri, "trusted": ", ".join(self._settings.api_domains)},
        )

    def _body(self, answer: httpx.Response) -> Json:
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise AnswerLost(f"{self.system} gave no usable answer", evidence={"path": answer.request.url.path})
        return body
