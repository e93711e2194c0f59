"""CloudEvents in, structured or binary, for systems and firms that speak no vendor's own form (R111)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError

from canonical.errors import Malformed
from canonical.event import FactKind, InboundEvent
from gateway.bodies import bounded
from gateway.permissions import Gate
from operations.office import Office
from policies.access import Permission

TYPES = {
    "handoff.contract.executed.v1": FactKind.CONTRACT_EXECUTED,
    "handoff.contract.voided.v1": FactKind.CONTRACT_VOIDED,
    "handoff.deal.won.v1": FactKind.DEAL_WON,
    "handoff.record.changed.v1": FactKind.RECORD_CHANGED,
}


class Subject(BaseModel):
    """The ``data`` of an event: which contract, and, if the sender says so, which version and value; compared with the record."""

    contract: str = Field(min_length=1, max_length=80)
    version: str | None = None
    value: str | None = None


class CloudEvent(BaseModel):
    """The attributes of CloudEvents 1.0 that we use; others are allowed and left alone."""

    specversion: str
    id: str = Field(min_length=1, max_length=200)
    source: str = Field(min_length=1, max_length=200)
    type: str
    time: datetime | None = None
    data: Subject


class Accepted(BaseModel):
    """The event is kept; ``duplicate`` says that it had been kept before."""

    accepted: bool = True
    duplicate: bool = False


def event_routes(office: Office, gate: Gate, *, largest_body: int) -> APIRouter:
    """``POST /events``."""
    routes = APIRouter(tags=["events"])

    @routes.post("/events", status_code=202, responses={400: {}, 401: {}, 403: {}, 413: {}})
    async def receive(request: Request) -> Accepted:
        """Take one CloudEvent; its id makes it unique within its source."""
        await gate.require(request, Permission.START)
        event = _read(request.headers, await bounded(request, limit=largest_body))
        received = await office.receive([_inbound(event)])
        return Accepted(duplicate=not received.new)

    return routes


def _read(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise Malformed("The body is no JSON", remedy="Send a CloudEvent as JSON.", evidence={"field": "body"}) from error
    if not headers.get("content-type", "").startswith("application/cloudevents+json"):
        attributes = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
        content = {**attributes, "data": content}
    try:
        return CloudEvent.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Malformed(
            f"The event's '{field}' cannot be used: {first['msg']}",
            remedy=f"Correct '{field}'; see CloudEvents 1.0.",
            evidence={"field": field},
        ) from error


def _inbound(event: CloudEvent) -> InboundEvent:
    kind = TYPES.get(event.type)
    if kind is None:
        raise Malformed(
            f"Events of type '{event.type}' are not taken", remedy=f"Send one of: {', '.join(TYPES)}.", evidence={"field": "type"}
        )
    claims: dict[str, Any] = {"version": event.data.version, "value": event.data.value}
    return InboundEvent(
        source=f"cloudevents:{event.source}"[:200],
        event_id=event.id,
        kind=kind,
        object_kind="contract",
        object_id=event.data.contract,
        object_version=event.data.version or "",
        contract=event.data.contract,
        occurred_at=event.time,
        claims={name: value for name, value in claims.items() if value is not None},
    )
