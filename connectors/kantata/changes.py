"""What changed there, by asking: Kantata has no webhooks, but keeps events for nine days, unordered and sometimes twice."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from canonical.errors import Rejected
from canonical.event import FactKind, InboundEvent
from connectors.kantata.acceptances import MILESTONE, Acceptances
from connectors.kantata.api import Api
from connectors.kantata.schemas import SubscribedEvent

RETENTION = timedelta(days=9)
# A project as a whole (comparing it finds what changed inside), and milestones, whose completion is their acceptance.
_TYPES = "workspace:created,workspace:updated,workspace:deleted,story:updated"
_STORY = "Story"
PROJECT = "psa_project"
_SECOND = timedelta(seconds=1)


class Changes:
    """The part of a change feed: projects and milestones that were touched."""

    def __init__(self, api: Api, acceptances: Acceptances) -> None:
        self._api, self._acceptances = api, acceptances

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
        stories: dict[str, list[SubscribedEvent]] = {}
        async for event in self._api.every("subscribed_events", SubscribedEvent, **query):
            if not since.replace(microsecond=0) <= event.created_at < until:
                continue
            if event.subject_type == _STORY:
                stories.setdefault(event.subject_id, []).append(event)
            else:
                yield self._told(event, FactKind.RECORD_CHANGED, PROJECT)
        async for number in self._acceptances.touched(list(stories)):
            for event in stories[number]:
                yield self._told(event, FactKind.MILESTONE_ACCEPTANCE, MILESTONE)

    def _told(self, event: SubscribedEvent, kind: FactKind, object_kind: str) -> InboundEvent:
        version = event.subject_changed_at.astimezone(UTC).isoformat()
        return InboundEvent(
            source=self._api.name,
            event_id=f"{event.subject_type}/{event.subject_id}/{version}",
            kind=kind,
            object_kind=object_kind,
            object_id=event.subject_id,
            object_version=version,
            occurred_at=event.subject_changed_at,
        )
