"""What changed there, by asking: Kantata has no webhooks, but keeps events for nine days, unordered and sometimes twice."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from canonical.errors import Rejected
from canonical.event import FactKind, InboundEvent
from connectors.kantata.api import Api
from connectors.kantata.schemas import SubscribedEvent

RETENTION = timedelta(days=9)
_TYPES = "workspace:created,workspace:updated,workspace:deleted"  # a project as a whole; comparing it finds what changed inside
PROJECT = "psa_project"
_SECOND = timedelta(seconds=1)


class Changes:
    """The part of a change feed: projects that were touched."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def changes(self, since: datetime, until: datetime) -> AsyncIterator[InboundEvent]:
        """Events created in the half-open window; a second earlier is asked for, since their times have no fractions."""
        if until - since > RETENTION:
            raise Rejected(
                f"Changes of {self._api.name} since {since:%d %B %Y} are asked for, but it keeps nine days",
                remedy="To catch up you must run the reconciliation of its projects, then poll from today.",
                code="CHANGES_GONE",
            )
        window = {"created_after": (since - _SECOND).isoformat(), "created_before": until.isoformat()}
        query = {"event_types": _TYPES, "order": "created_at:asc", **window}
        async for event in self._api.every("subscribed_events", SubscribedEvent, **query):
            if since.replace(microsecond=0) <= event.created_at < until:
                yield self._told(event)

    def _told(self, event: SubscribedEvent) -> InboundEvent:
        version = event.subject_changed_at.astimezone(UTC).isoformat()
        return InboundEvent(
            source=self._api.name,
            event_id=f"{event.subject_type}/{event.subject_id}/{version}",
            kind=FactKind.RECORD_CHANGED,
            object_kind=PROJECT,
            object_id=event.subject_id,
            object_version=version,
            occurred_at=event.subject_changed_at,
        )
