"""The record service: ``/record/v1/{type}`` and ``/record/v1/{type}/{id}``, one record at a time or as a collection."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.catalog import RECORD_TYPES
from sandbox.netsuite.errors import Refusal, invalid_content, invalid_parameter
from sandbox.netsuite.fields import RecordType
from sandbox.netsuite.filters import compiled
from sandbox.netsuite.jobs import batch
from sandbox.netsuite.metadata import open_api, schema
from sandbox.netsuite.operations import Operation, Outcome, perform
from sandbox.netsuite.rendering import Rendering
from sandbox.netsuite.transforms import transformed

if TYPE_CHECKING:
    from sandbox.netsuite.account import NetSuite

Path = tuple[str, list[str], Callable[[Request], Awaitable[Response]]]
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_PLAIN = {"application/json", "application/vnd.oracle.resource+json"}


class RecordService:
    """Answers for records."""

    def __init__(self, account: NetSuite) -> None:
        self._account, self._records = account, account.records

    def paths(self) -> list[Path]:
        """Path, verbs and handler of each."""
        return [
            ("/record/v1/metadata-catalog", ["GET"], self._catalog),
            ("/record/v1/metadata-catalog/{kind}", ["GET"], self._schema),
            ("/record/v1/{kind}", ["GET"], self._list),
            ("/record/v1/{kind}", ["POST"], self._create),
            ("/record/v1/{kind}", ["PATCH", "PUT", "DELETE"], self._collection),
            ("/record/v1/{kind}/{key}", ["GET"], self._read),
            ("/record/v1/{kind}/{key}", ["PUT", "PATCH", "DELETE"], self._write),
            ("/record/v1/{kind}/{key}/{sublist}", ["GET"], self._sublist),
            ("/record/v1/{kind}/{key}/!transform/{target}", ["POST"], self._transform),
        ]

    async def _catalog(self, request: Request) -> Response:
        links = self._rendering(request)
        if "swagger" in request.headers.get("Accept", ""):
            wanted = [name for name in request.query_params.get("select", "").split(",") if name] or list(RECORD_TYPES)
            return self._open_api(wanted)
        path = "/record/v1/metadata-catalog"
        items = [{"name": name, "links": [links.link(f"{path}/{name}", "canonical")]} for name in RECORD_TYPES]
        return JSONResponse({"links": [links.link(path)], "items": items})

    def _open_api(self, names: list[str]) -> Response:
        schemas = {name: self._schema_of(self._records.kind(name)) for name in names}
        return JSONResponse(open_api(schemas), media_type="application/swagger+json")

    async def _schema(self, request: Request) -> Response:
        kind = self._records.kind(request.path_params["kind"])
        if "swagger" in request.headers.get("Accept", ""):
            return self._open_api([kind.name])
        return JSONResponse(self._schema_of(kind), media_type="application/schema+json")

    def _schema_of(self, kind: RecordType) -> Json:
        return schema(self._records.fields(kind), self._records.sublists(kind))

    async def _list(self, request: Request) -> Response:
        kind = self._records.kind(request.path_params["kind"])
        if request.query_params.get("expandRecords") == "true":
            return self._queued(request, [self._operation(request, key, None) for key in _ids(request)])
        query = request.query_params.get("q", "")
        test = compiled(query, self._records.fields(kind)) if query else lambda record: True
        found = [record["id"] for record in self._records.visible(kind.name) if test(record)]
        limit, offset = paging(request)
        links = self._rendering(request)
        path = f"/record/v1/{kind.name}"
        items = [{"links": [links.link(f"{path}/{key}")], "id": key} for key in found[offset : offset + limit]]
        again = f"q={query}&" if query else ""
        return JSONResponse(links.page(path, items, limit=limit, offset=offset, total=len(found), query=again))

    async def _create(self, request: Request) -> Response:
        if _media_type(request) == _COLLECTION:
            return await self._collection(request)
        body = await _body(request)
        return await self._done(request, self._operation(request, None, body))

    async def _collection(self, request: Request) -> Response:
        """Batch operations exist only asynchronously, with their own media type, and for at most 100 records."""
        if request.method == "DELETE":
            return self._queued(request, [self._operation(request, key, None) for key in _ids(request)])
        if _media_type(request) != _COLLECTION:
            raise Refusal(
                415, "INVALID_HEADER", f"A collection request needs the content type {_COLLECTION}.", header="Content-Type"
            )
        body = await _body(request)
        items = body.get("items") if isinstance(body, dict) else None
        keyed = batch(request.method, items)
        return self._queued(request, [self._operation(request, key, item) for key, item in keyed])

    async def _read(self, request: Request) -> Response:
        kind = self._records.kind(request.path_params["kind"])
        if _is_async(request):
            return self._queued(request, [self._operation(request, request.path_params["key"], None)])
        record = self._records.get(kind.name, request.path_params["key"])
        only = frozenset(filter(None, request.query_params.get("fields", "").split(",")))
        expanded = request.query_params.get("expandSubResources") == "true"
        return JSONResponse(self._rendering(request).record(kind, record, expanded=expanded, only=only))

    async def _write(self, request: Request) -> Response:
        body = None if request.method == "DELETE" else await _body(request)
        return await self._done(request, self._operation(request, request.path_params["key"], body))

    async def _transform(self, request: Request) -> Response:
        """A new record of the target type; lines that were copied are numbered anew."""
        asked = self._operation(request, request.path_params["key"], await _body(request) if await request.body() else None)
        target = request.path_params["target"]
        body = transformed(self._records, asked.kind, asked.key or "", target, asked.body, asked.replace)
        for line in body.get("item", {}).get("items", []):
            line.pop("line", None)
        return await self._done(request, replace(asked, kind=target, key=None, body=body, is_transform=True))

    async def _sublist(self, request: Request) -> Response:
        kind = self._records.kind(request.path_params["kind"])
        name = request.path_params["sublist"]
        record = self._records.get(kind.name, request.path_params["key"])
        if name not in kind.sublists:
            raise Refusal(404, "NOT_FOUND", f"The sub-resource '{name}' does not exist.", path=name)
        path = f"/record/v1/{kind.name}/{record['id']}/{name}"
        lines = self._records.sublists(kind)[name].lines
        return JSONResponse(self._rendering(request).sublist(path, lines, record.get(name, []), expanded=True))

    async def _done(self, request: Request, operation: Operation) -> Response:
        if _is_async(request):
            return self._queued(request, [operation])
        seen = self._version(operation)
        await self._account.occupied()
        if operation.key is not None and self._version(operation) != seen:
            raise Refusal(400, "RCRD_HAS_BEEN_CHANGED", "Error while accessing a resource. Record has been changed.")
        return answered(self._rendering(request), operation.kind, perform(self._records, operation))

    def _queued(self, request: Request, operations: list[Operation]) -> Response:
        """A job for what may only, or is wanted to, be done later; a synchronous call's idempotency key is ignored."""
        if not _is_async(request):
            raise Refusal(400, "INVALID_HEADER", "A collection request needs the header Prefer: respond-async.", header="Prefer")
        self._records.kind(request.path_params["kind"])
        key = request.headers.get("X-NetSuite-Idempotency-Key")
        number = self._account.jobs.submit(operations, idempotency_key=key, only_first=request.state.partial)
        headers = {"Location": f"/services/rest/async/v1/job/{number}", "Preference-Applied": "respond-async"}
        return Response(status_code=202, headers=headers, media_type="application/json")

    def _operation(self, request: Request, key: str | None, body: Any) -> Operation:
        strict = request.headers.get("X-NetSuite-PropertyNameValidation", "Warning").lower() == "error"
        replaced = tuple(filter(None, request.query_params.get("replace", "").split(",")))
        return Operation(
            verb=request.method,
            kind=request.path_params["kind"],
            key=key,
            body=body,
            replace=replaced,
            strict=strict,
            invisible_seconds=request.state.invisible_seconds,
        )

    def _version(self, operation: Operation) -> int | None:
        record = self._records.find(operation.kind, operation.key) if operation.key else None
        return record["_version"] if record else None

    def _rendering(self, request: Request) -> Rendering:
        return Rendering(self._records, str(request.base_url).rstrip("/"))


def answered(rendering: Rendering, kind: str, outcome: Outcome) -> Response:
    """The answer to a change: no body, and the record's address in Location."""
    location = rendering.link(f"/record/v1/{kind}/{outcome.record}")["href"]
    return Response(status_code=204, headers={"Location": location})


def paging(request: Request) -> tuple[int, int]:
    """Limit and offset of a page; the limit is at most 1,000 and divides the offset."""
    numbers: Json = {}
    for name, default in (("limit", 1000), ("offset", 0)):
        given = request.query_params.get(name, str(default))
        if not given.isdigit():
            raise invalid_parameter(name, f"Invalid value '{given}' for the query parameter '{name}'.")
        numbers[name] = int(given)
    if not 1 <= numbers["limit"] <= 1000:
        raise invalid_parameter("limit", "The limit must be between 1 and 1000.")
    if numbers["offset"] % numbers["limit"]:
        raise invalid_parameter("offset", "The offset must be divisible by the limit.")
    return numbers["limit"], numbers["offset"]


def _is_async(request: Request) -> bool:
    return "respond-async" in request.headers.get("Prefer", "").lower()


def _media_type(request: Request) -> str:
    parts = [part.strip().lower() for part in request.headers.get("Content-Type", "").split(";")]
    return "; ".join(parts)


async def _body(request: Request) -> Any:
    kind = _media_type(request).partition(";")[0]
    if kind not in _PLAIN:
        raise Refusal(415, "INVALID_HEADER", f"The content type '{kind}' is not supported.", header="Content-Type")
    try:
        return json.loads(await request.body())
    except ValueError as wrong:
        raise invalid_content("$", "Invalid content in the request body. The JSON cannot be read.") from wrong


def _ids(request: Request) -> list[str]:
    keys = [key.strip() for key in request.query_params.get("ids", "").split(",") if key.strip()]
    if not 1 <= len(keys) <= 100:
        raise invalid_parameter("ids", "Give 1 to 100 record IDs, separated by commas.")
    return keys
