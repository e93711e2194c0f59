"""The gateway as one application."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from connectors.webhooks import WebhookReader
from gateway.codec_endpoint import codec_routes
from gateway.events import event_routes
from gateway.identity import Identities
from gateway.permissions import Gate
from gateway.problems import handle_problems
from gateway.process_api import process_routes
from gateway.webhooks import webhook_routes
from operations.office import Office
from policies.access import Permission
from runtime.codec import EncryptionCodec
from runtime.settings import Settings

VERSION = "v1"


def create_app(
    office: Office, readers: Mapping[str, WebhookReader], settings: Settings, codec: EncryptionCodec | None
) -> FastAPI:
    """Everything under one roof; the office and the readers live as long as the process."""
    app = FastAPI(title="Handoff", version=VERSION, description=__doc__, docs_url=None, redoc_url=None)
    handle_problems(app)
    gate = Gate(Identities(settings.gateway), office)
    largest = settings.gateway.largest_body

    @app.get("/health", include_in_schema=False)
    async def health() -> JSONResponse:
        """Whether we can do our work: the database answers."""
        await office.ping()
        return JSONResponse({"ok": True})

    async def may_decode(request: Request) -> None:
        """On the embedded stack whoever reaches loopback may; elsewhere it takes the permission."""
        if settings.environment == "production":
            await gate.require(request, Permission.DECODE)

    app.include_router(webhook_routes(office, readers, largest_body=largest))
    app.include_router(event_routes(office, gate, largest_body=largest))
    app.include_router(process_routes(office, gate))
    if codec is not None:
        app.include_router(codec_routes(codec, origins=settings.gateway.codec_origins, may_decode=may_decode))
    return app
