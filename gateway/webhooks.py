"""Deliveries in: verified, kept, acknowledged; what they mean is found out behind the inbox (DESIGN 9)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from canonical.errors import NotFound, SignatureRefused
from connectors.webhooks import Request as Delivery
from connectors.webhooks import WebhookReader
from gateway.problems import problems
from operations.office import Office

_ACKNOWLEDGED = {
    "description": "Kept, or known already; the answer is in the form that the sender wants.",
    "content": {"*/*": {}},
}
_BODY = {"requestBody": {"description": "As the vendor sends it.", "required": True, "content": {"*/*": {}}}}


def webhook_routes(office: Office, readers: Mapping[str, WebhookReader]) -> APIRouter:
    """``POST /webhooks/{system}``; anything behind the system's name is the reader's (a secret in the address, say)."""
    routes = APIRouter(tags=["webhooks"])

    @routes.post(
        "/webhooks/{system}",
        response_class=Response,
        responses={200: _ACKNOWLEDGED, **problems(400, 401, 404, 413, 422, 503)},
        openapi_extra=_BODY,
    )
    @routes.post("/webhooks/{system}/{rest:path}", include_in_schema=False)
    async def receive(system: str, request: Request) -> Response:
        """Keep it first, act on it second: what we have stored is never lost and never handled twice.

        Answers in the sender's own form once the inbox row is written. 401: the signature is wrong or stale, nothing is
        kept but the count. 400: it cannot be read. 413: it is too large.
        """
        reader = readers.get(system)
        if reader is None:
            raise NotFound(
                f"No system called '{system[:80]}' sends deliveries here", remedy="Use the name it has in policies/landscape."
            )
        delivery = Delivery(
            body=await request.body(),
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
