"""What a call does to the records, apart from HTTP: performed at once, or later by an asynchronous job."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import Refusal, invalid_content, user_error
from sandbox.netsuite.records import Records

_ONLY_TRANSFORMED = {"depositApplication"}  # Oracle's help: it cannot be created standalone


@dataclass(frozen=True)
class Operation:
    """One change or read of one record; plain values only, so that a waiting job survives a restart."""

    verb: str
    kind: str
    key: str | None = None
    body: Any = None
    replace: tuple[str, ...] = ()
    strict: bool = False
    invisible_seconds: float | None = None
    is_transform: bool = False

    def as_json(self) -> Json:
        """The operation as it is kept in the state."""
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """What came of an operation: the status of the call, and the record it is about or the refusal's document."""

    status: int
    record: str | None = None
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)


def perform(records: Records, operation: Operation) -> Outcome:
    """Do it; a refusal is raised."""
    kind = records.kind(operation.kind)
    if operation.verb == "GET":
        return Outcome(200, records.get(kind.name, operation.key or "")["id"])
    if operation.verb == "DELETE":
        return Outcome(204, records.delete(kind.name, operation.key or "")["id"])
    if operation.verb == "POST":
        return _created(records, operation, operation.body)
    if operation.verb == "PATCH":
        return _changed(records, operation)
    return _upserted(records, operation)


def attempted(records: Records, operation: Operation) -> Outcome:
    """Do it; a refusal becomes the outcome."""
    try:
        return perform(records, operation)
    except Refusal as refusal:
        return Outcome(refusal.status, body=refusal.body)


def _created(records: Records, operation: Operation, body: Any) -> Outcome:
    if operation.kind in _ONLY_TRANSFORMED and not operation.is_transform:
        raise user_error(f"A record of type {operation.kind} is made by transforming a customer deposit only.")
    made = records.create(operation.kind, body, strict=operation.strict, invisible_seconds=operation.invisible_seconds)
    return Outcome(204, made["id"])


def _changed(records: Records, operation: Operation) -> Outcome:
    replaced = frozenset(operation.replace)
    changed = records.update(operation.kind, operation.key or "", operation.body, strict=operation.strict, replace=replaced)
    return Outcome(204, changed["id"])


def _upserted(records: Records, operation: Operation) -> Outcome:
    key = operation.key or ""
    if not key.startswith("eid:"):
        raise Refusal(400, "INVALID_REQUEST", "PUT creates or changes a record by its external ID; give it as eid:<external ID>.")
    external = key.removeprefix("eid:")
    if not isinstance(operation.body, dict):
        raise invalid_content("$", "Invalid content in the request body. The request body must be a JSON object.")
    if operation.body.get("externalId", external) != external:
        raise invalid_content("externalId", "The external ID of the body is not that of the address.")
    if records.find(operation.kind, key):
        return _changed(records, operation)
    return _created(records, operation, {**operation.body, "externalId": external})
