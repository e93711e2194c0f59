"""Deliveries in: verified, kept, acknowledged; what they mean is found out behind the inbox (DESIGN 9)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from operations.office import Office

from canonical.errors import NotFound, SignatureRefused
from connectors.webhooks import Request as Delivery
from connectors.webhooks import WebhookReader
from gateway.bodies import bounded


def webhook_routes(office: Office, readers: Mapping[str, WebhookReader], *, largest_body: int) -> APIRouter:
    """``POST /webhooks/{system}``; anything behind the system's name is the reader's (a secret in the address, say)."""
    routes = APIRouter(tags=["webhooks"])

    @routes.post("/webhooks/{system}", status_code=202)
    @routes.post("/webhooks/{system}/{rest:path}", status_code=202, include_in_schema=False)
    async def receive(system: str, request: Request, rest: str = "") -> Response:
        """Keep it first, act on it second: what we have stored is never lost and never handled twice.

        Answers in the sender's own form once the inbox row is written. 401: the signature is wrong or stale, nothing is
        kept but the count. 400: it cannot be read. 413: it is too large.
        """
        reader = readers.get(system)
        if reader is None:
            raise NotFound(
                f"No system called '{system}' sends deliveries here", remedy="Use the name it has in policies/landscape."
            )
        delivery = Delivery(
            body=await bounded(request, limit=largest_body),
            headers={name.lower(): value for name, value in request.headers.items()},
            url=str(request.url),
            received_at=datetime.now(UTC),
        )
        try:
            events = reader.read(delivery)
        except SignatureRefused:
            await office.refused(system)
            raise
        await office.receive(events)
        acknowledged = reader.acknowledgement()
        return Response(acknowledged.body, status_code=acknowledged.status, media_type=acknowledged.media_type)

    return routes
