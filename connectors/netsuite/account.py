"""Calls to one NetSuite account: signed, within its concurrency, their answers turned into records or named failures."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from typing import TypeVar
from urllib.parse import quote

import httpx2 as httpx
from pydantic import BaseModel, ValidationError

from canonical.errors import Failure, Misconfigured, NotFound, Rejected, RuleBroken, Throttled
from connectors.http import Budget, Json, client, naming_transport_failures
from connectors.netsuite.refusals import LOGIN_REFUSED, NO_SUCH_RECORD, RECORD_CHANGED, code_of, refuse
from connectors.netsuite.settings import Settings
from connectors.netsuite.signing import authentication
from connectors.netsuite.wire import decoded, encoded
from connectors.pagination import every

Shape = TypeVar("Shape", bound=BaseModel)
Result = TypeVar("Result")
RECORDS = "/services/rest/record/v1"
_PLAIN = "application/json"
_COLLISION_PAUSES = (0.05, 0.1)
_PAGE = 1000
_MOST_ROWS = 100_000


class Rows:
    """SuiteQL and collections: offset and limit until ``hasMore`` is false."""

    def first(self) -> dict[str, str]:
        """From the beginning."""
        return {"limit": str(_PAGE), "offset": "0"}

    def items(self, page: Json) -> list[Json]:
        """The rows."""
        return list(page["items"])

    def following(self, page: Json) -> dict[str, str] | None:
        """The next offset, a multiple of the limit."""
        return {"limit": str(_PAGE), "offset": str(page["offset"] + _PAGE)} if page["hasMore"] else None


class Account:
    """One account: as much of SuiteTalk REST as we use."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.system, self.settings = system, settings
        self._tokens = client(settings.base_url, timeout=settings.timing.read_timeout)
        self._http = client(
            settings.base_url,
            timeout=settings.timing.read_timeout,
            connections=settings.concurrent_calls,
            auth=authentication(system, settings, self._tokens),
        )
        reserved = min(settings.reserved_calls, settings.concurrent_calls - 1)
        self.budget = Budget(settings.concurrent_calls, reserved=reserved, system=system)
        self._last_good: float | None = None

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()
        await self._tokens.aclose()

    def page(self, path: str, target_id: str) -> str:
        """Where a person looks at a record in NetSuite's own pages."""
        return f"https://{self.settings.account.lower().replace('_', '-')}.app.netsuite.com{path}{target_id}"

    # Records.

    async def read(self, kind: str, key: str, shape: type[Shape], *, urgent: bool = True, **query: str) -> Shape:
        """One record by internal id or ``eid:``; NotFound where there is none."""
        answer = await self.call("GET", _address(kind, key), params=query, urgent=urgent)
        return self.shaped(shape, decoded(answer.content), kind)

    async def find(self, kind: str, key: str, shape: type[Shape], *, urgent: bool = True, **query: str) -> Shape | None:
        """One record, or nothing; another 404 (a record type that is switched off) is not the absence of a record."""
        try:
            return await self.read(kind, key, shape, urgent=urgent, **query)
        except NotFound as missing:
            if missing.evidence.get("vendor_code") != NO_SUCH_RECORD:
                raise
            return None

    async def create(self, kind: str, body: Json) -> str | None:
        """A new record, never a change of one that is there; its internal id where NetSuite says it."""
        return _id_in(await self.call("POST", f"{RECORDS}/{kind}", body=body))

    async def upsert(self, kind: str, external: str, body: Json) -> str | None:
        """Create or change the record of that external id; its lines become those given (a plain PUT would add them again)."""
        return _id_in(await self._settled("PUT", _address(kind, f"eid:{external}"), body, replaced(body)))

    async def change(self, kind: str, key: str, body: Json) -> None:
        """Set fields of a record; the values are absolute, so sending them again is harmless."""
        await self._settled("PATCH", _address(kind, key), body)

    async def attempt(self, kind: str, key: str, body: Json, *, unless: str) -> bool:
        """Set fields that were worked out from what the record was; false where it is refused with that code."""
        return (await self.call("PATCH", _address(kind, key), body=body, accept=unless)).status_code < 400

    async def transform(self, kind: str, key: str, into: str, body: Json) -> str | None:
        """Make a record out of another, as some can only be made; the new one's internal id where NetSuite says it."""
        return _id_in(await self.call("POST", f"{_address(kind, key)}/!transform/{into}", body=body))

    async def remove(self, kind: str, key: str) -> None:
        """Delete a record; one that is gone is removed."""
        await self.call("DELETE", _address(kind, key), accept=NO_SUCH_RECORD)

    async def existing(self, kind: str, externals: Sequence[str]) -> set[str]:
        """Which of these external ids are there; of many, a query finds what is indexed and only the rest is read one by one."""
        found: set[str] = set()
        if len(externals) >= self.settings.batch_from:
            wanted = ", ".join(literal(external) for external in externals)
            rows = self.query(f"SELECT externalid FROM {kind.lower()} WHERE externalid IN ({wanted})")
            found = {str(row["externalid"]) async for row in rows} & set(externals)
        rest = [external for external in externals if external not in found]
        there = await together(self._is_there(kind, external) for external in rest)
        return found | {external for external, is_there in zip(rest, there, strict=True) if is_there}

    async def _is_there(self, kind: str, external: str) -> bool:
        params = {"fields": "externalId"}
        answer = await self.call("GET", _address(kind, f"eid:{external}"), params=params, urgent=True, accept=NO_SUCH_RECORD)
        return answer.status_code != 404

    # Queries.

    async def query(self, suiteql: str) -> AsyncIterator[Json]:
        """Rows of a SuiteQL query; it sees a new record after a delay. More rows than can be had are refused, not cut off."""

        async def fetch(page: dict[str, str]) -> Json:
            headers = {"Prefer": "transient"}
            answer = await self.call("POST", "/services/rest/query/v1/suiteql", params=page, body={"q": suiteql}, headers=headers)
            found = decoded(answer.content)
            if found["totalResults"] >= _MOST_ROWS:
                raise RuleBroken(f"A query to {self.system} has more rows than NetSuite gives", evidence={"query": suiteql})
            return found

        async for row in every(Rows(), fetch):
            yield row

    async def listed(self, kind: str, condition: str) -> AsyncIterator[str]:
        """Internal ids of the records that meet a collection filter; as late as SuiteQL, and no more than ids."""

        async def fetch(page: dict[str, str]) -> Json:
            return decoded((await self.call("GET", f"{RECORDS}/{kind}", params={"q": condition, **page})).content)

        async for row in every(Rows(), fetch):
            yield str(row["id"])

    # The one way out.

    async def call(
        self,
        verb: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: Json | bytes | None = None,
        headers: dict[str, str] | None = None,
        urgent: bool = False,
        accept: str = "",
    ) -> httpx.Response:
        """One call; ``accept`` lets a refusal with that code through as an answer. A body may be encoded already."""
        content = encoded(body) if isinstance(body, dict) else body
        # Without this header an unknown field is dropped in silence, and money or a dimension with it.
        sent = {"Content-Type": _PLAIN, "X-NetSuite-PropertyNameValidation": "Error", **(headers or {})}
        async with self.budget.slot(urgent=urgent):
            with naming_transport_failures(self.system):
                answer = await self._http.request(verb, path, params=params or None, content=content, headers=sent)
            if answer.status_code == 401:
                raise self._login_refused(answer)
            if not accept or code_of(answer) != accept:
                refuse(answer, system=self.system)
        self._last_good = time.monotonic()
        return answer

    def shaped(self, shape: type[Shape], found: Json, kind: str) -> Shape:
        """The record as our schema, or the name of the field that is missing."""
        try:
            return shape.model_validate(found)
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise Rejected(
                f"{self.system} answered a {kind} that cannot be read: '{field}'",
                remedy=f"Let the integration role see the field '{field}' of {kind}, then settle the exception with retry.",
                evidence={"field": field, "problem": error.errors()[0]["msg"]},
            ) from error

    async def _settled(self, verb: str, path: str, body: Json, params: dict[str, str] | None = None) -> httpx.Response:
        """A change; where another writer came between, NetSuite kept nothing and reads the record anew the next time."""
        for pause in _COLLISION_PAUSES:
            answer = await self.call(verb, path, params=params, body=body, accept=RECORD_CHANGED)
            if answer.status_code < 400:
                return answer
            await asyncio.sleep(pause)
        return await self.call(verb, path, params=params, body=body)

    def _login_refused(self, answer: httpx.Response) -> Failure:
        """A refused login is overload when the same credentials worked a moment ago (NetSuite says 401 for 429 then)."""
        evidence = {"status": 401, "path": answer.request.url.path, "vendor_code": code_of(answer) or LOGIN_REFUSED}
        grace = self.settings.login_grace.total_seconds()
        if self._last_good is not None and time.monotonic() - self._last_good < grace:
            return Throttled(f"{self.system} refused a login that worked before: it is overloaded", evidence=evidence)
        remedy = (
            f"Look at Setup > Users/Roles > View Login Audit Trail in NetSuite; then correct account ({self.settings.account}) "
            "or credentials of this system in policies/landscape."
        )
        return Misconfigured(f"{self.system} refuses our login", remedy=remedy, evidence=evidence)


async def together(calls: Iterable[Awaitable[Result]]) -> list[Result]:
    """All at once; every call ends before the first failure is raised, so that none is still under way."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for failure in (result for result in results if isinstance(result, BaseException)):
        raise failure
    return [result for result in results if not isinstance(result, BaseException)]


def replaced(body: Json) -> dict[str, str]:
    """The parameter that replaces the sublists of a body instead of merging into them."""
    sublists = [name for name, value in body.items() if isinstance(value, dict) and "items" in value]
    return {"replace": ",".join(sublists)} if sublists else {}


def literal(text: str) -> str:
    """A SuiteQL string."""
    return "'" + text.replace("'", "''") + "'"


def _address(kind: str, key: str) -> str:
    return f"{RECORDS}/{kind}/{quote(key, safe=':')}"


def _id_in(answer: httpx.Response) -> str | None:
    with contextlib.suppress(KeyError):
        return str(answer.headers["Location"]).rpartition("/")[2]
    return None
