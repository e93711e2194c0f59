"""The calls: one budget, the vendor's envelope, its pages, and its refusals as named failures."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx2 as httpx
from pydantic import ValidationError

from canonical.errors import AnswerLost, Malformed, Throttled
from connectors.http import Budget, Explained, Json, decoded, naming_transport_failures, raise_for
from connectors.kantata.schemas import Body, Envelope, ExternalReference, Meta, Shape
from connectors.pagination import Page, every

_PATH = "/api/v1"
_PER_PAGE = 200
Record = TypeVar("Record", bound=Shape)


class Pages:
    """Page by page, in the order of ``results``: the maps by id hold associations too."""

    def __init__(self, plural: str, query: dict[str, str]) -> None:
        self._plural, self._query = plural, query

    def first(self) -> dict[str, str]:
        return {**self._query, "page": "1", "per_page": str(_PER_PAGE)}

    def items(self, page: Page) -> list[Page]:
        return in_order(page, self._plural)

    def following(self, page: Page) -> dict[str, str] | None:
        meta = meta_of(page)
        return {**self.first(), "page": str(meta.page_number + 1)} if meta.page_number < meta.page_count else None


@dataclass(frozen=True)
class Found:
    """What a call answered: the records in order, and the external references that came along."""

    records: list[Json]
    references: dict[str, ExternalReference]


class Api:
    """One account of Kantata OX."""

    def __init__(self, name: str, http: httpx.AsyncClient, *, concurrent_calls: int, throttle_pause: timedelta) -> None:
        self.name = name
        self._http, self._pause, self._budget = http, throttle_pause, Budget(concurrent_calls, system=name)

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def every(self, plural: str, model: type[Record], **query: str) -> AsyncIterator[Record]:
        """All records of a list, over all its pages."""
        async for item in every(Pages(plural, query), lambda parameters: self._call("GET", plural, params=parameters)):
            yield self.read(model, item)

    async def every_referenced(self, plural: str, **query: str) -> Found:
        """All records of a list together with their external references."""
        references: dict[str, ExternalReference] = {}

        async def fetch(parameters: dict[str, str]) -> Page:
            page = await self._call("GET", plural, params=parameters)
            references.update(self._references(page))
            return page

        records = [item async for item in every(Pages(plural, {**query, "include": "external_references"}), fetch)]
        return Found(records, references)

    async def page(self, plural: str, query: dict[str, str], number: int) -> Json:
        """One page of a list as it came."""
        return await self._call("GET", plural, params={**query, "page": str(number), "per_page": str(_PER_PAGE)})

    async def clock(self) -> datetime:
        """What time it is there, to the second: a cheap call bears it as its date."""
        answer = await self._answered("GET", "roles", params={"per_page": "1"})
        try:
            return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError) as error:
            raise Malformed(
                f"{self.name} does not say what time it is",
                remedy="Let the Date header through whatever stands between us and it: windows of changes end by that clock.",
            ) from error

    async def show(self, plural: str, number: str, **query: str) -> Found:
        """One record by its id."""
        return self._found(await self._call("GET", f"{plural}/{number}", params=query), plural)

    async def create(self, plural: str, singular: str, body: Body) -> Found:
        """A new record."""
        return await self._made("POST", plural, {singular: body}, plural, expected=1)

    async def create_all(self, plural: str, bodies: Sequence[Body], *, at_most: int) -> Found:
        """New records in as few calls as their bulk limit allows; fewer answered than sent is an undecided write."""
        records: list[Json] = []
        references: dict[str, ExternalReference] = {}
        for start in range(0, len(bodies), at_most):
            some = bodies[start : start + at_most]
            made = await self._made("POST", plural, {plural: list(some)}, plural, expected=len(some))
            records += made.records
            references |= made.references
        return Found(records, references)

    async def update(self, plural: str, singular: str, number: str, body: Body) -> Found:
        """Change a record; the same change twice changes nothing."""
        return await self._made("PUT", f"{plural}/{number}", {singular: body}, plural, expected=1)

    async def refer(self, subject_type: str, number: str, body: Body) -> None:
        """Set our external reference of a record, whether or not it has one."""
        named = {**body, "subject_type": subject_type, "subject_id": int(number)}
        await self._call("POST", "external_references/create_or_update", json={"external_reference": named})

    def read(self, model: type[Record], item: Json) -> Record:
        """A record in its shape; one that lacks what we need is named with the field."""
        return read_shape(self.name, model, item)

    async def _made(self, method: str, path: str, body: Body, plural: str, *, expected: int) -> Found:
        found = self._found(await self._call(method, path, json=body, params={"include": "external_references"}), plural)
        if len(found.records) != expected:
            raise AnswerLost(
                f"{self.name} kept {len(found.records)} of {expected} {plural.replace('_', ' ')} at most",
                evidence={"path": path, "sent": expected, "answered": len(found.records)},
            )
        return found

    async def _call(self, method: str, path: str, **more: Any) -> Json:
        return self._body(await self._answered(method, path, **more))

    async def _answered(self, method: str, path: str, **more: Any) -> httpx.Response:
        async with self._budget.slot():
            with naming_transport_failures(self.name):
                answer = await self._http.request(method, f"{_PATH}/{path}", **more)
            try:
                raise_for(answer, system=self.name, explain=explained)
            except Throttled as throttled:
                throttled.retry_after = throttled.retry_after or self._pause  # a 429 names no time here (2026-11)
                raise
        return answer

    def _body(self, answer: httpx.Response) -> Json:
        try:
            body = decoded(answer.content)
            Envelope.model_validate(body)
        except ValueError as error:
            evidence = {"path": answer.request.url.path, "status": answer.status_code}
            raise AnswerLost(f"{self.name} answered something that is not an answer of its API", evidence=evidence) from error
        return body

    def _found(self, page: Json, plural: str) -> Found:
        return Found(in_order(page, plural), self._references(page))

    def _references(self, page: Json) -> dict[str, ExternalReference]:
        given = page.get("external_references") or {}
        return {number: self.read(ExternalReference, item) for number, item in given.items()}


def in_order(page: Page, plural: str) -> list[Page]:
    """The records that matched, as ``results`` orders them."""
    records, matched = page.get(plural) or {}, numbers_in(page, plural)
    missing = [number for number in matched if number not in records]
    if missing:
        raise Malformed(f"An answer names {plural} that it does not bring", evidence={"missing": missing[:5]})
    return [records[number] for number in matched]


def numbers_in(page: Page, plural: str) -> list[str]:
    """The ids of what matched, in order; an answer was found to have the shape of one when it came."""
    return [str(result["id"]) for result in page["results"] if result["key"] == plural]


def meta_of(page: Page) -> Meta:
    """Where a page stands."""
    return Meta.model_validate(page.get("meta") or {})


def read_shape(system: str, model: type[Record], item: Json) -> Record:
    """The item as that shape."""
    try:
        return model.model_validate(item)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise Malformed(
            f"A {model.__name__} of {system} cannot be read: {fields}",
            remedy="Make the integration user an administrator there: some fields show only to those who may see finances.",
            evidence={"id": item.get("id", ""), "fields": fields},
        ) from error


def explained(answer: httpx.Response) -> Explained:
    """The error body: every message, and the first field."""
    errors: list[dict[str, Any]] = answer.json()["errors"]
    fields = [str(error["field"]) for error in errors if error.get("field")]
    return str(errors[0].get("type", "")), "; ".join(str(error["message"]) for error in errors), fields[0] if fields else ""
