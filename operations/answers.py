"""From ledger rows and the engine's failures to what people get back."""

from collections.abc import Iterator
from typing import Any

from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError, TimeoutError
from temporalio.service import RPCError, RPCStatusCode

from canonical.errors import Failure, MoveRefused, NotReady, Rejected
from canonical.event import InboxRow
from operations.asked import Delivered, Happened

_EXCEPTION = "exception"


def happened(noted: Any) -> Happened:
    """A row of the trail; one about an exception bears its code, by which access policies withhold its words."""
    entry = noted.entry
    return Happened(
        at=noted.at,
        sequence=noted.seq,
        action=entry.action,
        step=entry.origin.step,
        system=entry.system,
        kind=entry.kind,
        code=entry.outcome if entry.kind == _EXCEPTION else "",
        source_id=entry.source_id,
        target_id=entry.target_id,
        key=entry.key,
        outcome=entry.outcome,
        actor=entry.origin.actor,
        correlation=entry.origin.correlation,
        version=entry.origin.mapping_version,
        details=entry.details,
    )


def delivered(row: InboxRow, outcome: str) -> Delivered:
    """A delivery as part of the story."""
    return Delivered(
        number=row.number,
        source=row.event.source,
        event_id=row.event.event_id,
        kind=row.event.kind.value,
        received_at=row.received_at,
        deliveries=row.deliveries,
        outcome=outcome,
    )


def nothing_runs(contract: str, error: RPCError) -> Exception:
    """The engine knows no such workflow; any other trouble with it stays what it is."""
    if error.status is RPCStatusCode.NOT_FOUND:
        return MoveRefused(f"No handoff of {contract} runs", remedy=f"See `handoff show {contract}`.")
    return error


def said_by(error: WorkflowFailureError) -> Failure:
    """The failure of a short workflow under its own name, with its remedy and evidence."""
    cause: BaseException | None = error.cause
    while isinstance(cause, (ActivityError, ChildWorkflowError)):
        cause = cause.cause
    if isinstance(cause, ApplicationError):
        return _named(cause)
    if isinstance(cause, TimeoutError):
        return NotReady("Nobody took this up in time", remedy="See whether a worker runs: `handoff doctor`.")
    return Rejected(f"It did not come to an end: {cause}", remedy="See whether a worker runs: `handoff doctor`.")


def _named(cause: ApplicationError) -> Failure:
    details = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
    kind = next((kind for kind in _kinds(Failure) if kind.__name__ == cause.type), Rejected)
    return kind(cause.message, remedy=details.get("remedy"), code=details.get("code"), evidence=details.get("evidence"))


def _kinds(kind: type[Failure]) -> Iterator[type[Failure]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)
