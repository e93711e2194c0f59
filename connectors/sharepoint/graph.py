"""Calls to Microsoft Graph: one library of one site, its budget, its errors, its batches."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import httpx2 as httpx
from pydantic import BaseModel, ValidationError

from canonical.errors import Misconfigured, NotFound, NotReady, Rejected, Throttled, Unavailable
from connectors.http import Budget, Explained, Json, client, naming_transport_failures, raise_for
from connectors.pagination import Page, every
from connectors.sharepoint.credentials import authentication
from connectors.sharepoint.mapping import quoted
from connectors.sharepoint.schemas import DriveItem, Identified, PartAnswer, Row
from connectors.sharepoint.settings import Settings

LARGEST_BATCH = 20
WITH_FIELDS = {"$expand": "listItem($expand=fields)"}
Shaped = TypeVar("Shaped", bound=BaseModel)


class Part(NamedTuple):
    """One call of a batch."""

    method: str
    path: str
    body: Json


class Pages:
    """Graph's paging: an opaque address of the next page, of which only the parameters are taken."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = dict(parameters)

    def first(self) -> dict[str, str]:
        return self._parameters

    def items(self, page: Page) -> list[Page]:
        return list(page["value"])

    def following(self, page: Page) -> dict[str, str] | None:
        following = page.get("@odata.nextLink")
        return dict(parse_qsl(urlsplit(following).query)) if following else None


class Graph:
    """One document library; its id is found at the first call and kept."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.system, self.settings = system, settings
        timeout = settings.timing.read_timeout
        self.plain = client("", timeout=timeout)  # token requests and fragments: neither may carry our token
        self._http = client(f"{settings.base_url}/v1.0/", timeout=timeout, auth=authentication(system, settings, self.plain))
        self._budget = Budget(settings.concurrent_calls, reserved=1)
        self._drive: str | None = None
        self._finding = asyncio.Lock()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()
        await self.plain.aclose()

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One call; every refusal is a named failure."""
        async with self._budget.slot(urgent=method == "GET"):
            with naming_transport_failures(self.system):
                answer = await self._http.request(method, path, **more)
            self.refuse(answer)
            return answer

    def refuse(self, answer: httpx.Response) -> None:
        """Raise the named failure that an answer means."""
        if answer.status_code == 423:
            where = {"path": answer.request.url.path}
            raise NotReady(f"{self.system}: somebody has the document open or checked out", evidence=where)
        if answer.status_code == 507:
            raise Rejected(f"{self.system} has no room left", remedy="Free space in the library or raise its quota, then retry.")
        if answer.status_code == 509:
            raise Throttled(f"{self.system} has used up its bandwidth")
        raise_for(answer, system=self.system, explain=_explained)

    def shaped(self, shape: type[Shaped], content: object) -> Shaped:
        """An answer as the shape that we know; one that lacks what we need is named."""
        try:
            return shape.model_validate(content)
        except ValidationError as broken:
            where = {".".join(map(str, error["loc"])): error["msg"] for error in broken.errors()}
            raise Unavailable(f"{self.system} gave an answer that lacks what we need", evidence=where) from broken

    async def drive(self) -> str:
        """The library's id."""
        async with self._finding:
            if self._drive is None:
                self._drive = await self._found()
            return self._drive

    async def _found(self) -> str:
        settings = self.settings
        try:
            site = self.shaped(Identified, (await self.call("GET", f"sites/{settings.site}")).json())
        except NotFound as missing:
            raise Misconfigured(
                f"{self.system} has no site {settings.site}", remedy="Correct `site`: host:/path, as the browser shows them."
            ) from missing
        names = []
        async for page in every(Pages({}), self._page(f"sites/{site.id}/drives")):
            library = self.shaped(Identified, page)
            names.append(library.name)
            if library.name == settings.library:
                return library.id
        raise Misconfigured(
            f"The site {settings.site} has no library {settings.library!r}",
            remedy=f"Correct `library`; there are: {', '.join(names)}.",
        )

    def _page(self, path: str) -> Callable[[dict[str, str]], Awaitable[Page]]:
        async def fetch(parameters: dict[str, str]) -> Page:
            page: Page = (await self.call("GET", path, params=parameters)).json()
            return page

        return fetch

    async def address(self, start: str, path: str = "") -> str:
        """The address of an item: below ``start`` (an item's id, or empty for the library's root), at a path."""
        where = f"items/{start}" if start else "root"
        below = f":/{'/'.join(quote(name, safe='') for name in path.split('/'))}:" if path else ""
        return f"drives/{await self.drive()}/{where}{below}"

    async def item(self, address: str) -> DriveItem | None:
        """The item there with its fields, None if there is none."""
        try:
            return self.shaped(DriveItem, (await self.call("GET", address, params=WITH_FIELDS)).json())
        except NotFound:
            return None

    async def children(self, item: str) -> list[DriveItem]:
        """What a folder holds, with the fields of each."""
        path = f"{await self.address(item)}/children"
        return [self.shaped(DriveItem, child) async for child in every(Pages(WITH_FIELDS), self._page(path))]

    async def bearing(self, field: str, value: str) -> list[DriveItem]:
        """The items whose column has exactly this value: SharePoint itself does not tell upper from lower case."""
        path = f"drives/{await self.drive()}/list/items"
        query = Pages({"$filter": f"fields/{field} eq {quoted(value)}", "$expand": "fields,driveItem"})
        rows = [self.shaped(Row, row) async for row in every(query, self._page(path))]
        return [row.item for row in rows if row.fields.get(field) == value]

    async def columns(self) -> dict[str, bool]:
        """The columns of the library, and whether each is indexed."""
        path = f"drives/{await self.drive()}/list/columns"
        return {c["name"]: bool(c.get("indexed")) async for c in every(Pages({}), self._page(path))}

    async def tag(self, item: str, fields: Mapping[str, str | None]) -> None:
        """Set columns of an item."""
        try:
            await self.call("PATCH", f"{await self.address(item)}/listItem/fields", json=dict(fields))
        except Rejected:
            await self.require_columns()  # the likeliest cause has a better name
            raise

    async def require_columns(self) -> None:
        """Refuse a library that lacks our columns, or whose columns cannot be searched."""
        settings, columns = self.settings, await self.columns()
        wanted = [settings.reference_field, settings.key_field, *([settings.status_field] if settings.status_field else [])]
        missing = [name for name in wanted if name not in columns]
        searchable = columns.get(settings.key_field, False)
        if missing or not searchable:
            raise Misconfigured(
                f"The library {settings.library!r} lacks {', '.join(missing) or f'an index on {settings.key_field}'}",
                remedy=f"In the library's settings add the text columns that are missing, and index {settings.key_field}.",
                evidence={"columns": ", ".join(columns), "missing": ", ".join(missing)},
            )

    async def batch(self, parts: Sequence[Part], *, held_is_fine: bool = False) -> None:
        """Many calls in few; each part is judged on its own, since the whole answers 200 even when all parts were throttled."""
        for start in range(0, len(parts), LARGEST_BATCH):
            await self._batch(parts[start : start + LARGEST_BATCH], held_is_fine)

    async def _batch(self, parts: Sequence[Part], held_is_fine: bool) -> None:
        typed = {"Content-Type": "application/json"}
        requests = [
            {"id": str(number), "method": part.method, "url": f"/{part.path}", "body": part.body, "headers": typed}
            for number, part in enumerate(parts)
        ]
        answer = (await self.call("POST", "$batch", json={"requests": requests})).json()
        answers = {given.id: given for given in (self.shaped(PartAnswer, one) for one in answer.get("responses", []))}
        for number, part in enumerate(parts):
            given = answers.get(str(number))
            if given is None:
                raise Unavailable(f"{self.system} left a part of a batch unanswered", evidence={"path": part.path})
            if not (held_is_fine and given.status == 409):
                self.refuse(_response(part, given, self.settings.base_url))


def _response(part: Part, given: PartAnswer, base_url: str) -> httpx.Response:
    request = httpx.Request(part.method, f"{base_url}/v1.0/{part.path}")
    headers = {name: value for name, value in given.headers.items() if name.lower() == "retry-after"}
    return httpx.Response(given.status, headers=headers, json=given.body, request=request)


def _explained(answer: httpx.Response) -> Explained:
    """Graph's most exact code: the innermost that it names."""
    error = answer.json()["error"]
    inner, code = error, error["code"]
    while isinstance(inner := inner.get("innerError") or inner.get("innererror"), dict):
        code = inner.get("code") or code
    return str(code), str(error["message"]), ""
