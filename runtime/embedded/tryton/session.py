"""A signed-in session at Tryton's JSON-RPC, as far as preparing the books needs one; the connector has its own."""

import base64
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Self

import httpx2 as httpx

Values = dict[str, Any]
_PATIENCE_SECONDS = 120.0


class Refused(Exception):
    """Tryton refused a step of the preparation; the message is its own."""


class Session:
    """Calls as one user; ``context`` is always the last parameter."""

    def __init__(self, http: httpx.AsyncClient, database: str, context: Values | None = None) -> None:
        self._http, self._path, self.context = http, f"/{database}/rpc/", context or {}
        self.user = 0

    @classmethod
    async def opened(cls, url: str, database: str, login: str, password: str) -> Self:
        """Signed in."""
        session = cls(httpx.AsyncClient(base_url=url, timeout=_PATIENCE_SECONDS, trust_env=False), database)
        session.user, token, _ = await session._call("common.db.login", [login, {"password": password}])
        proof = base64.b64encode(f"{login}:{session.user}:{token}".encode()).decode()
        session._http.headers["Authorization"] = f"Session {proof}"
        return session

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, model: str, method: str, *parameters: object) -> Any:
        """A method of a model."""
        return await self._call(f"model.{model}.{method}", [*parameters, self.context])

    async def create(self, model: str, **values: object) -> int:
        """One new record."""
        (made,) = await self.call(model, "create", [values])
        return int(made)

    async def write(self, model: str, record: int, **values: object) -> None:
        """Change one record."""
        await self.call(model, "write", [record], values)

    async def one(self, model: str, *domain: object) -> int:
        """The record that these conditions name; there must be just one."""
        found = await self.call(model, "search", list(domain), 0, 2, None)
        if len(found) != 1:
            raise Refused(f"{model} has {len(found)} records for {domain}")
        return int(found[0])

    async def shipped(self, module: str, name: str) -> int:
        """A record that came with a module."""
        return int(await self.call("ir.model.data", "get_id", module, name))

    async def _call(self, method: str, parameters: list[object]) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": parameters}, default=_encoded)
        answer = await self._http.post(self._path, content=body, headers={"Content-Type": "application/json"})
        answer.raise_for_status()
        said = answer.json()
        if said.get("error"):
            raise Refused(f"{method}: {said['error']}")
        return said["result"]


def new(*records: Mapping[str, object]) -> list[object]:
    """Lines to make together with the record that holds them."""
    return [["create", list(records)]]


def linked(*ids: int) -> list[object]:
    """Records that are there already."""
    return [["add", list(ids)]]


def _encoded(value: object) -> Values:
    match value:
        case Decimal():
            return {"__class__": "Decimal", "decimal": str(value)}
        case date():
            return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    raise TypeError(f"{type(value).__name__} has no place in a call to Tryton")
