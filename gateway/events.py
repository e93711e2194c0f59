"""CloudEvents in, structured or binary, for systems and firms that speak no vendor's own form (R111)."""

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from activities.acceptance import SUBMITTED
from canonical.acceptance import Acceptance
from canonical.errors import KeyReusedWithDifferentContent, Malformed
from canonical.event import FactKind, InboundEvent
from canonical.reference import Reference
from gateway.billing_api import MilestoneWord
from gateway.permissions import Gate
from gateway.problems import problems
from gateway.texts import TEXT
from operations.office import Office
from policies.access import Permission

TYPES = {
    "handoff.contract.executed.v1": FactKind.CONTRACT_EXECUTED,
    "handoff.contract.voided.v1": FactKind.CONTRACT_VOIDED,
    "handoff.deal.won.v1": FactKind.DEAL_WON,
    "handoff.record.changed.v1": FactKind.RECORD_CHANGED,
    "handoff.milestone.acceptance.v1": FactKind.MILESTONE_ACCEPTANCE,
}
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


class Subject(BaseModel):
    """The ``data`` of an event: which contract, and, if the sender says so, which version and value; compared with the record."""

    contract: Reference
    version: str | None = Field(default=None, max_length=80, pattern=TEXT)
    value: str | None = Field(default=None, max_length=80, pattern=TEXT)
    acceptance: MilestoneWord | None = Field(default=None, description="what `handoff.milestone.acceptance.v1` tells")


class CloudEvent(BaseModel):
    """The attributes of CloudEvents 1.0 that we use; others are allowed and left alone."""

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=200, pattern=TEXT)
    source: str = Field(min_length=1, max_length=180, pattern=TEXT)
    type: str = Field(json_schema_extra={"enum": list(TYPES)})
    time: AwareDatetime | None = None
    data: Subject


class Accepted(BaseModel):
    """The event is kept; ``duplicate`` says that it had been kept before."""

    accepted: bool = True
    duplicate: bool = False


_BODY = {
    "requestBody": {
        "description": "Structured, as here; or binary, with the attributes in `ce-` headers and only the data as body.",
        "required": True,
        "content": {STRUCTURED: {"schema": CloudEvent.model_json_schema(ref_template="#/components/schemas/{model}")}},
    }
}
_BODY["requestBody"]["content"][STRUCTURED]["schema"].pop("$defs")  # type: ignore[index]


def event_routes(office: Office, gate: Gate) -> APIRouter:
    """``POST /events``."""
    routes = APIRouter(tags=["events"])

    @routes.post("/events", status_code=202, responses=problems(400, 401, 403, 409, 413, 503), openapi_extra=_BODY)
    async def receive(request: Request) -> Accepted:
        """Take one CloudEvent; its id makes it unique within its source."""
        actor = await gate.require(request, Permission.START)
        read = _read(request.headers, await request.body())
        event = _inbound(read)
        if event.kind is FactKind.MILESTONE_ACCEPTANCE:
            await gate.require(request, Permission.SUBMIT)
            event = await _kept(office, read, event, actor)
        received = await office.receive([event])
        if not received.new and await office.kept(event.source, event.event_id) != event:
            raise KeyReusedWithDifferentContent(
                f"Event {event.event_id} of {event.source} came before with other content",
                remedy="Give every event an id of its own; send the same id only with the same content.",
                evidence={"field": "id"},
            )
        return Accepted(duplicate=not received.new)

    return routes


def _read(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    form = headers.get("content-type", "").partition(";")[0].strip().lower()
    if form == BATCH:
        raise _malformed("content-type", "Events are not taken in batches", "Send each in a request of its own.")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _malformed("body", "The body is no JSON", "Send a CloudEvent as JSON.") from error
    if form != STRUCTURED:
        attributes = {name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")}
        content = {**attributes, "data": content}
    try:
        return CloudEvent.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise _malformed(
            field, f"The event's '{field}' cannot be used: {first['msg']}", f"Correct '{field}'; see CloudEvents 1.0."
        ) from error


def _inbound(event: CloudEvent) -> InboundEvent:
    kind = TYPES.get(event.type)
    if kind is None:
        raise _malformed("type", f"Events of type '{event.type[:80]}' are not taken", f"Send one of: {', '.join(TYPES)}.")
    claims: dict[str, Any] = {"version": event.data.version, "value": event.data.value}
    return InboundEvent(
        source=f"cloudevents:{event.source}",
        event_id=event.id,
        kind=kind,
        object_kind="contract",
        object_id=event.data.contract,
        object_version=event.data.version or "",
        contract=event.data.contract,
        occurred_at=event.time,
        claims={name: value for name, value in claims.items() if value is not None},
    )


async def _kept(office: Office, told: CloudEvent, event: InboundEvent, actor: str) -> InboundEvent:
    """What it tells is on record with us, where it is re-read; the event only leads there."""
    word = told.data.acceptance
    if word is None:
        raise _malformed("data.acceptance", "The event does not say what was accepted", "Give milestone, version and day of it.")
    acceptance = Acceptance(contract=told.data.contract, **word.model_dump())
    kept = await office.billing.keep_acceptance(acceptance)
    facts = {"object_kind": SUBMITTED, "object_id": kept, "object_version": word.version, "claims": {"submitted_by": actor}}
    return event.model_copy(update=facts)


def _malformed(field: str, message: str, remedy: str) -> Malformed:
    return Malformed(message, remedy=remedy, evidence={"field": field})
