"""Subscribed events: what changed in the last nine days, unordered, sometimes twice, for administrators of paying accounts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.kantata.index import Record, State
from sandbox.kantata.kinds import Kind
from sandbox.kantata.refusals import Refusal

RETENTION = timedelta(days=9)


def note(state: State, kind: Kind, number: str, what: str, *, user: str, now: datetime, next_id: Callable[[], str]) -> None:
    """Keep an event. The account's manners say how late it appears, and which one appears twice."""
    manners = state["account"]["event_manners"]
    written = state.setdefault("events_written", 0)
    state["events_written"] = written + 1
    copies = 2 if manners["duplicate_every"] and (written + 1) % manners["duplicate_every"] == 0 else 1
    lag = timedelta(seconds=manners["lags"][written % len(manners["lags"])])
    for _ in range(copies):
        record: Record = {
            "id": next_id(),
            "event_type": f"{kind.singular}:{what}",
            "subject_type": kind.subject_type,
            "subject_id": number,
            "user_id": user,
            "subject_changed_at": now.isoformat(),
            "created_at": (now + lag).isoformat(),
            "updated_at": (now + lag).isoformat(),
        }
        state["subscribed_events"][record["id"]] = record


def events_to_show(state: State, user: dict[str, Any], now: datetime) -> list[Record]:
    """What this caller may see now."""
    if not state["account"]["subscribed_events"]:
        raise Refusal(403, "Subscribed Events is not enabled for your account")
    if user["permission"] != "administrator":
        raise Refusal(403)
    moments = ((event, datetime.fromisoformat(event["created_at"])) for event in state["subscribed_events"].values())
    return [event for event, created in moments if now - RETENTION <= created <= now]
