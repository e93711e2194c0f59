"""The query service: ``POST /query/v1/suiteql``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.netsuite.errors import Refusal, invalid_content
from sandbox.netsuite.record_service import paging
from sandbox.netsuite.rendering import Rendering

if TYPE_CHECKING:
    from sandbox.netsuite.account import NetSuite

Path = tuple[str, list[str], Callable[[Request], Awaitable[Response]]]


class QueryService:
    """Answers queries in pages."""

    def __init__(self, account: NetSuite) -> None:
        self._account = account
        self._suiteql = account.suiteql()

    def paths(self) -> list[Path]:
        """Path, verbs and handler."""
        return [("/query/v1/suiteql", ["POST"], self._query)]

    async def _query(self, request: Request) -> Response:
        if "transient" not in request.headers.get("Prefer", "").lower():
            detail = "The required request header 'Prefer' is missing or its value is not set. Set its value to 'transient'."
            raise Refusal(400, "INVALID_HEADER", detail, header="Prefer")
        try:
            query = json.loads(await request.body())["q"]
        except (ValueError, KeyError, TypeError) as wrong:
            raise invalid_content("q", "Invalid content in the request body. Give the query as q.") from wrong
        limit, offset = paging(request)
        most = self._account.state["account"]["suiteql_row_limit"]
        rows, total = self._suiteql.rows(str(query), limit=limit, offset=offset, most=most)
        rendering = Rendering(self._account.records, str(request.base_url).rstrip("/"))
        return JSONResponse(rendering.page("/query/v1/suiteql", rows, limit=limit, offset=offset, total=total))
