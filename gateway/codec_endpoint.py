"""The codec endpoint: the Temporal Web UI sends encrypted payloads here and shows what comes back (TEMPORAL.md, section 1)."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request, Response
from google.protobuf import json_format
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from canonical.errors import Malformed, Misconfigured, Rejected

PREFIX = "/codec"
LARGEST_BODY = 16_000_000
"""The Web UI sends a page of history at once, and one payload may have 2 MB before it becomes base64."""
MayDecode = Callable[[Request], Awaitable[None]]


class Operation(StrEnum):
    """What Temporal's tools ask of a codec endpoint."""

    DECODE = "decode"
    ENCODE = "encode"


class CrossOrigin:
    """Middleware: browsers let the pages of these origins read our answers under ``/codec``, also the refusals."""

    def __init__(self, app: ASGIApp, *, origins: list[str]) -> None:
        self._app, self._origins = app, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
            await self._app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin", "")

        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if origin in self._origins:
                    headers["Access-Control-Allow-Origin"] = origin
            await send(message)

        await self._app(scope, receive, opened)


def codec_routes(codec: PayloadCodec, *, may_decode: MayDecode) -> APIRouter:
    """``POST /codec/decode`` and ``/codec/encode``; ``may_decode`` refuses who may not see payloads."""
    routes = APIRouter(prefix=PREFIX, include_in_schema=False)

    @routes.options("/{operation}")
    async def preflight(operation: Operation) -> Response:
        allowed = {
            "Access-Control-Allow-Methods": "POST, OPTIONS",
            "Access-Control-Allow-Headers": "content-type,x-namespace,authorization",
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=allowed)

    @routes.post("/{operation}")
    async def apply(operation: Operation, request: Request) -> Response:
        await may_decode(request)
        given = await _payloads(request)
        try:
            done = await (codec.decode(given) if operation is Operation.DECODE else codec.encode(given))
        except Misconfigured as failure:  # about these payloads; to ask again later would not help
            raise Rejected(failure.message, remedy=failure.remedy, code=failure.specific_code) from failure
        return Response(json_format.MessageToJson(Payloads(payloads=done)), media_type="application/json")

    return routes


async def _payloads(request: Request) -> list[Payload]:
    body = await request.body()
    try:
        message: Any = json_format.Parse(body, Payloads())
    except (json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(
            "The body is no Payloads message of Temporal's API in JSON",
            remedy='Send {"payloads": [{"metadata": {...}, "data": "..."}]} with its bytes in base64.',
            evidence={"field": "body"},
        ) from error
    return list(message.payloads)
