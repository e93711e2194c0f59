"""What time entries and expenses share: every change in a window, whether of the item, of its approval, or its deletion."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from canonical.errors import Misconfigured
from canonical.time_entry import Recorded
from connectors.http import Json
from connectors.kantata.api import Api, in_order, read_shape
from connectors.kantata.changes import RETENTION
from connectors.kantata.schemas import SubscribedEvent
from connectors.kantata.windows import Window, Windows

_SHEETS_AT_ONCE = 200  # ids in one address: some two thousand characters

Item = TypeVar("Item", bound=Recorded)
Mapped = Callable[[Json, list[Json]], Awaitable[list[Item]]]


@dataclass(frozen=True)
class Listing:
    """How one kind of line item is listed. ``readings`` are the lists that hold all of them together, in the order to read."""

    plural: str
    query: dict[str, str]
    readings: tuple[dict[str, str], ...]
    submissions: str
    submissions_query: dict[str, str]
    submitted_on: str
    deleted: str


@dataclass(frozen=True)
class LineItems(Generic[Item]):
    """One kind of line item of the account.

    Approving does not change an entry, it changes the submission that it is on. So those which were approved, rejected or
    cancelled in the window are asked for by their submission, unless they changed themselves and are told already.
    """

    api: Api
    windows: Windows
    listing: Listing
    mapped: Mapped[Item]
    gone: Callable[[str, datetime], Item]
    tells_deletions: bool

    async def changed(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[Item]]:
        """Pages of items, each as it is now."""
        window = await self.windows.settled(since, until)
        if not window.since < window.until:
            return
        for reading in self.listing.readings:
            query = {**self.listing.query, **reading}
            async for page in self.windows.side_by_side(window, partial(self._changed_themselves, query, whole=window)):
                yield page
            async for page in self.windows.side_by_side(window, partial(self._decided_on, query, whole=window)):
                yield page
        if self.tells_deletions:
            async for page in self.windows.side_by_side(self._told_by_events(window), self._deleted):
                yield page

    async def _changed_themselves(
        self, query: dict[str, str], window: Window, whole: Window
    ) -> AsyncIterator[Sequence[Item] | Window]:
        async for page in self.windows.changed(self.listing.plural, query, window):
            if isinstance(page, Window):
                yield page
                continue
            records = [r for r in in_order(page, self.listing.plural) if datetime.fromisoformat(r["updated_at"]) in window]
            async for items in self._told(page, records, whole):
                yield items

    async def _decided_on(self, query: dict[str, str], window: Window, whole: Window) -> AsyncIterator[Sequence[Item] | Window]:
        async for page in self.windows.changed(self.listing.submissions, self.listing.submissions_query, window):
            if isinstance(page, Window):
                yield page
                continue
            sheets = [r for r in in_order(page, self.listing.submissions) if datetime.fromisoformat(r["updated_at"]) in window]
            for start in range(0, len(sheets), _SHEETS_AT_ONCE):
                on = ",".join(str(sheet["id"]) for sheet in sheets[start : start + _SHEETS_AT_ONCE])
                asked = {**query, self.listing.submitted_on: on, "updated_before": whole.since.isoformat()}
                async for found in self.windows.every(self.listing.plural, asked):
                    async for items in self._told(found, in_order(found, self.listing.plural), whole):
                        yield items

    async def _told(self, page: Json, records: list[Json], whole: Window) -> AsyncIterator[Sequence[Item]]:
        """What changed again since the window ended belongs to the next one, where its state is final."""
        items = [i for i in await self.mapped(page, records) if i.changed_at and i.changed_at in whole] if records else []
        if items:
            yield items

    def _told_by_events(self, window: Window) -> Window:
        return Window(max(window.since, window.until - RETENTION), window.until)

    async def _deleted(self, window: Window) -> AsyncIterator[Sequence[Item] | Window]:
        query = {"event_types": self.listing.deleted, "order": "created_at:asc"}
        try:
            async for page in self.windows.changed("subscribed_events", query, window, by="created"):
                if isinstance(page, Window):
                    yield page
                    continue
                events = [read_shape(self.api.name, SubscribedEvent, r) for r in in_order(page, "subscribed_events")]
                gone = {e.subject_id: self.gone(e.subject_id, e.subject_changed_at) for e in events if e.created_at in window}
                if gone:
                    yield list(gone.values())
        except Misconfigured as refused:
            if refused.evidence.get("status") != "403":
                raise
            raise Misconfigured(
                refused.message,
                remedy="Order the Subscribed Events add-on, or set subscribed_events to false in the system's settings.",
                evidence=refused.evidence,
            ) from refused
