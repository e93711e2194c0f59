"""The gateway as one application."""

import asyncio
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from connectors.webhooks import WebhookReader
from gateway import codec_endpoint, rates_api, usage_api
from gateway.bodies import BoundedBodies
from gateway.codec_endpoint import CrossOrigin, codec_routes
from gateway.events import event_routes
from gateway.frame import Frame
from gateway.identity import Identities
from gateway.openapi import describe
from gateway.permissions import Gate
from gateway.problems import handle_problems
from gateway.process_api import process_routes
from gateway.webhooks import webhook_routes
from operations.office import Office
from policies.access import Permission
from runtime.codec import EncryptionCodec
from runtime.settings import Settings

VERSION = "v1"
_PING_SECONDS = 3
_TOLD = "Deliveries in, and the governed services of Handoff; refusals are problem documents (RFC 9457) with their remedy."


def create_app(
    office: Office, readers: Mapping[str, WebhookReader], settings: Settings, codec: EncryptionCodec | None
) -> FastAPI:
    """Everything under one roof; the office and the readers live as long as the process."""
    app = FastAPI(title="Handoff", version=VERSION, description=_TOLD, docs_url=None, redoc_url=None)
    handle_problems(app)
    describe(app)
    gate = Gate(Identities(settings.gateway), office)

    @app.get("/health", include_in_schema=False)
    async def health() -> JSONResponse:
        """Whether we can do our work: the database answers."""
        async with asyncio.timeout(_PING_SECONDS):
            await office.ping()
        return JSONResponse({"ok": True})

    async def may_decode(request: Request) -> None:
        """On the embedded stack whoever reaches loopback may; elsewhere it takes the permission."""
        if settings.environment == "production":
            await gate.require(request, Permission.DECODE)

    app.include_router(webhook_routes(office, readers))
    app.include_router(event_routes(office, gate))
    app.include_router(process_routes(office, gate))
    if codec is not None:
        app.include_router(codec_routes(codec, may_decode=may_decode))
    larger = {**dict.fromkeys(rates_api.PATHS, rates_api.LARGEST_BODY), usage_api.PATH: usage_api.LARGEST_BODY}
    larger[f"{codec_endpoint.PREFIX}/"] = codec_endpoint.LARGEST_BODY
    app.add_middleware(BoundedBodies, largest=settings.gateway.largest_body, larger=larger)
    app.add_middleware(CrossOrigin, origins=settings.gateway.codec_origins)
    app.add_middleware(Frame)  # the last one added is the outermost
    return app
