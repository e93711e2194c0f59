"""One org as this process reaches it: sign-in, the instance that serves it, calls within a budget, pages, composite calls."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2 as httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from canonical.errors import AnswerLost, Misconfigured
from connectors import http
from connectors.auth import Token, TokenAuth, fetch_token
from connectors.http import Budget, Json, naming_transport_failures
from connectors.pagination import Page, every
from connectors.salesforce import refusals
from connectors.salesforce.settings import Settings, is_safe

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS = 180


class Org:
    """Calls to one org. Numbers in its answers are Decimal, never float."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.system, self._settings = system, settings
        timeout = settings.timing.read_timeout
        self._door = http.client(settings.base_url, timeout=timeout, connections=2)
        self._http = http.client("", timeout=timeout, connections=settings.concurrent_calls)
        self._auth = TokenAuth(self._sign_in)
        self._budget = Budget(settings.concurrent_calls)
        self.usage = ""

    @property
    def path(self) -> str:
        """Where the data API begins."""
        return f"/services/data/v{self._settings.api_version}"

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()
        await self._door.aclose()

    async def address(self) -> str:
        """The instance that serves the org: the token's answer says it, and orgs are moved between instances."""
        token = await self._auth.token()
        instance = str(token.extra.get("instance_url") or self._settings.base_url)
        host = urlsplit(instance).hostname or ""
        known = (urlsplit(self._settings.base_url).hostname or "", *self._settings.instance_domains)
        if not is_safe(instance) or not any(host == domain or host.endswith(f".{domain}") for domain in known):
            raise Misconfigured(
                f"{self.system} names an instance that is none of ours: {instance}",
                remedy="Check base_url, or add the domain to instance_domains in policies/landscape.",
            )
        return instance.rstrip("/")

    async def query(self, soql: str, *, with_archived: bool = False) -> list[Json]:
        """Every row of a query, page after page. Archived and deleted ones too, if asked."""
        resource = "queryAll" if with_archived else "query"
        pages = _Records(f"{self.path}/{resource}?q={quote(soql, safe='')}")
        return [row async for row in every(pages, self._page)]

    async def pages(self, soql: str) -> AsyncIterator[list[Json]]:
        """The same a page at a time, for long lists."""
        records: _Records | None = _Records(f"{self.path}/query?q={quote(soql, safe='')}")
        while records is not None:
            page = await self._page(records.first())
            yield records.items(page)
            following = records.following(page)
            records = _Records(following["path"]) if following else None

    async def queries(self, *soql: str) -> list[list[Json]]:
        """Several queries in one call, in order."""
        requests = [
            {"method": "GET", "url": f"{self.path}/query?q={quote(text, safe='')}", "referenceId": f"q{number}"}
            for number, text in enumerate(soql)
        ]
        pages = await self.composite(requests, all_or_none=False)
        return [await self._rest(page) for page in pages]

    async def described(self, object_name: str) -> dict[str, Json]:
        """An object's fields by name, as the org describes them."""
        description = self._read(await self._call("GET", f"{self.path}/sobjects/{object_name}/describe", None))
        return {field["name"]: field for field in description["fields"]}

    async def composite(self, requests: Sequence[Json], *, all_or_none: bool) -> list[Any]:
        """Several requests in one call; the bodies in order. The outer 200 says nothing: every inner status is read."""
        body = {"allOrNone": all_or_none, "compositeRequest": list(requests)}
        answer = await self._call("POST", f"{self.path}/composite", body)
        parts = self._read(answer)["compositeResponse"]
        for part in sorted(parts, key=_is_halted):
            if part["httpStatusCode"] >= 300:
                inner = httpx.Response(part["httpStatusCode"], json=part["body"], request=answer.request)
                refusals.raise_for(inner, system=self.system, settings=self._settings)
        return [part["body"] for part in parts]

    async def _rest(self, page: Page) -> list[Json]:
        rows: list[Json] = list(page["records"])
        if page.get("nextRecordsUrl"):
            rows += [row async for row in every(_Records(page["nextRecordsUrl"]), self._page)]
        return rows

    async def _page(self, parameters: dict[str, str]) -> Page:
        page: Page = self._read(await self._call("GET", parameters["path"], None))
        return page

    async def _call(self, method: str, path: str, body: Json | None) -> httpx.Response:
        async with self._budget.slot():
            url = f"{await self.address()}{path}"
            with naming_transport_failures(self.system):
                answer = await self._http.request(method, url, json=body, auth=self._auth)
            self.usage = answer.headers.get("Sforce-Limit-Info", "").removeprefix("api-usage=")
            refusals.raise_for(answer, system=self.system, settings=self._settings)
            return answer

    def _read(self, answer: httpx.Response) -> Any:
        try:
            return json.loads(answer.content, parse_float=Decimal)
        except ValueError:
            raise AnswerLost(f"{self.system} answered with something that is not JSON") from None

    async def _sign_in(self) -> Token:
        """A session; it bears no end, so only a 401 shows that it has ended (TokenAuth then comes here again)."""
        settings = self._settings
        if settings.client_secret is not None:
            secret = settings.client_secret.get_secret_value()
            form = {"grant_type": "client_credentials", "client_id": settings.client_id, "client_secret": secret}
        else:
            form = {"grant_type": _GRANT, "assertion": self._assertion()}
        return await fetch_token(self._door, "/services/oauth2/token", form, system=self.system)

    def _assertion(self) -> str:
        settings = self._settings
        key = settings.private_key.get_secret_value() if settings.private_key else ""
        claims = {
            "iss": settings.client_id,
            "sub": settings.username,
            "aud": settings.audience,
            "exp": int(time.time()) + _ASSERTION_SECONDS,
        }
        return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(key))


class _Records:
    """Salesforce's paging: 2,000 rows, then ``nextRecordsUrl`` until ``done``."""

    def __init__(self, path: str) -> None:
        self._path = path

    def first(self) -> dict[str, str]:
        return {"path": self._path}

    def items(self, page: Page) -> list[Page]:
        records: list[Page] = page["records"]
        return records

    def following(self, page: Page) -> dict[str, str] | None:
        return None if page["done"] else {"path": page["nextRecordsUrl"]}


def _is_halted(part: Json) -> bool:
    """The request that failed comes before those that were only undone with it."""
    body = part["body"]
    return isinstance(body, list) and bool(body) and isinstance(body[0], dict) and body[0].get("errorCode") == refusals.HALTED
