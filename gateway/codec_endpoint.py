"""The codec endpoint: the Temporal Web UI sends encrypted payloads here and shows what comes back (TEMPORAL.md, section 1)."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

MayDecode = Callable[[Request], Awaitable[None]]


def codec_routes(codec: PayloadCodec, *, origins: list[str], may_decode: MayDecode) -> APIRouter:
    """``POST /codec/decode`` and ``/codec/encode`` for the origins listed; ``may_decode`` refuses who may not see payloads."""
    routes = APIRouter(prefix="/codec", include_in_schema=False)

    def cors(request: Request) -> dict[str, str]:
        origin = request.headers.get("origin", "")
        if origin not in origins:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "POST, OPTIONS",
            "Access-Control-Allow-Headers": "content-type,x-namespace,authorization",
            "Vary": "Origin",
        }

    @routes.options("/{operation}")
    async def preflight(operation: str, request: Request) -> Response:
        return Response(status_code=204, headers=cors(request))

    @routes.post("/{operation}")
    async def apply(operation: str, request: Request) -> Response:
        if operation not in {"decode", "encode"}:
            raise HTTPException(404, "There are /codec/decode and /codec/encode.")
        await may_decode(request)
        given = await _payloads(request)
        done = await (codec.decode(given) if operation == "decode" else codec.encode(given))
        body = json_format.MessageToJson(Payloads(payloads=done))
        return Response(body, media_type="application/json", headers=cors(request))

    return routes


async def _payloads(request: Request) -> list[Payload]:
    try:
        message: Any = json_format.Parse(await request.body(), Payloads())
    except json_format.ParseError as error:
        raise HTTPException(400, "The body is no Payloads message of Temporal's API in JSON.") from error
    return list(message.payloads)
