"""The calls: one budget, the pages of its lists, and AvaTax's refusals as named failures."""

import platform
from collections.abc import AsyncIterator
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx2 as httpx
from pydantic import ValidationError

from canonical.errors import AnswerLost, Malformed, NotFound
from connectors.avatax.mapping import in_address
from connectors.avatax.refusals import refuse
from connectors.avatax.schemas import ListEnvelope, Shape, Transaction
from connectors.avatax.settings import Settings
from connectors.http import Budget, Json, client, decoded, encoded, naming_transport_failures
from connectors.pagination import Page, every

_PATH = "/api/v2"
_WITH_DETAILS = {"$include": "Details"}
Record = TypeVar("Record", bound=Shape)


class _Pages:
    """AvaTax's paging: ``@nextLink`` holds the whole query of the next page."""

    def __init__(self, query: dict[str, str]) -> None:
        self._query = query

    def first(self) -> dict[str, str]:
        return self._query

    def items(self, page: Page) -> list[Page]:
        return ListEnvelope.model_validate(page).value

    def following(self, page: Page) -> dict[str, str] | None:
        link = ListEnvelope.model_validate(page).next_link
        return dict(parse_qsl(urlsplit(link).query)) if link else None


class Account:
    """One account of AvaTax. Numbers in its answers are Decimal, never float."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._budget = Budget(settings.concurrent_calls)
        self._http = client(
            settings.base_url,
            timeout=settings.timing.read_timeout,
            auth=httpx.BasicAuth(settings.account, settings.licence_key.get_secret_value()),
            # application; its version; library; its version; machine: Avalara asks every integration to send it
            headers={"X-Avalara-Client": f"Handoff; 1; REST; v2; {platform.node()}", "Accept": "application/json"},
        )

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def transact(self, path: str, model: Json, **query: str) -> Transaction:
        """Create, create or adjust, void: what answers the transaction with its lines."""
        return self.read(Transaction, await self._call("POST", path, body=model, query=_WITH_DETAILS | query))

    async def find(self, company: str, code: str) -> Transaction | None:
        """The current revision of a code, of whatever type; None if there is no such code."""
        try:
            found = await self._call("GET", transaction_path(company, code), query=_WITH_DETAILS)
        except NotFound:
            return None
        return self.read(Transaction, found)

    async def get(self, path: str, model: type[Record]) -> Record:
        """One record."""
        return self.read(model, await self._call("GET", path))

    async def every(self, path: str, model: type[Record], **query: str) -> AsyncIterator[Record]:
        """All records of a list, over all its pages."""
        asked = {f"${name}": value for name, value in query.items()}
        async for item in every(_Pages(asked), lambda parameters: self._call("GET", path, query=parameters)):
            yield self.read(model, item)

    def read(self, model: type[Record], item: Json) -> Record:
        """A record in its shape; one that lacks what we need is named with the field."""
        try:
            return model.model_validate(item)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
            raise Malformed(
                f"A {model.__name__} of {self.name} cannot be read: {fields}",
                remedy="Compare it with Avalara's API; an older or newer one may have moved the field.",
                evidence={"id": item.get("id", ""), "fields": fields},
            ) from error

    async def _call(self, method: str, path: str, *, body: Json | None = None, query: dict[str, str] | None = None) -> Json:
        content = encoded(body) if body is not None else None
        headers = {"Content-Type": "application/json"} if body is not None else None
        async with self._budget.slot():
            with naming_transport_failures(self.name):
                answer = await self._http.request(method, _PATH + path, content=content, params=query, headers=headers)
            refuse(answer, system=self.name)
        try:
            return decoded(answer.content)
        except ValueError as error:
            evidence = {"path": path, "status": answer.status_code}
            raise AnswerLost(f"{self.name} answered with something that is not JSON", evidence=evidence) from error


def transaction_path(company: str, code: str, action: str = "") -> str:
    """The address of a transaction by company and code, or of something to be done with it."""
    return f"/companies/{in_address(company)}/transactions/{in_address(code)}{f'/{action}' if action else ''}"
