"""Time entries: every change in a window, and single ones as they are now."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from canonical.errors import NotFound
from canonical.period import Period
from canonical.time_entry import ApprovalState, TimeEntry
from connectors.http import Json
from connectors.kantata import time_mapping
from connectors.kantata import time_schemas as theirs
from connectors.kantata.api import Api, in_order
from connectors.kantata.beside import beside
from connectors.kantata.line_items import LineItems, Listing
from connectors.kantata.names import Names
from connectors.kantata.schemas import Role
from connectors.kantata.settings import Settings
from connectors.kantata.windows import Windows

_AT_ONCE = 200
_MOST_READS = 3
_INCLUDED = "user,workspace,story,role,recent_submission"
_LISTING = Listing(
    plural="time_entries",
    query={"include": _INCLUDED, "order": "updated_at:asc"},
    readings=({"from_archived_workspaces": "true"},),
    submissions="timesheet_submissions",
    submissions_query={"order": "date:asc"},
    submitted_on="with_recent_timesheet_ids",
    deleted="time_entry:deleted",
)


class Time:
    """The part of ``Time`` that is about hours."""

    def __init__(self, api: Api, settings: Settings, windows: Windows, names: Names) -> None:
        self._api, self._settings, self._windows, self._names = api, settings, windows, names
        self._their_roles = {name: ours for ours, name in settings.roles.items()}
        self._zone = ZoneInfo(settings.time_zone)

    async def time_entries(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[TimeEntry]]:
        """Every entry that changed, was decided on or deleted in the half-open window, each as it is now."""
        names = self._names.anew()
        entries = LineItems(
            self._api,
            self._windows,
            _LISTING,
            lambda page, records: self._mapped(page, records, names),
            lambda number, at: time_mapping.deleted_entry(self._api.name, number, at, self._zone),
            self._settings.subscribed_events,
        )
        async for page in entries.changed(since, until):
            yield page

    async def entries_on(self, days: Period) -> AsyncIterator[Sequence[TimeEntry]]:
        """Every entry whose work falls on these days, whatever its state; may tell one twice, leaves none out."""
        names, asked = self._names.anew(), {"include": _INCLUDED, "order": "created_at:asc", **_LISTING.readings[0]}
        asked["date_performed_between"] = f"{days.start}:{days.last}"
        async for page in self._windows.every("time_entries", asked):
            yield await self._mapped(page, in_order(page, "time_entries"), names)

    async def entries_of(self, source_ids: Sequence[str]) -> Sequence[TimeEntry]:
        """These entries as they are now. One that was seen and is gone is told as deleted; what cannot be an id is left out."""
        names, told = self._names.anew(), []
        numbers = list(dict.fromkeys(number for number in source_ids if number.isdigit()))
        for start in range(0, len(numbers), _AT_ONCE):
            told += await self._entries_of(numbers[start : start + _AT_ONCE], names)
        return told

    async def _entries_of(self, numbers: list[str], names: Names) -> list[TimeEntry]:
        """Read again while one changed this very second: times have no fractions, so its version may still mean two states."""
        for _ in range(_MOST_READS):
            now = await self._api.clock()
            found = await self._as_they_are(numbers, now, names)
            if all(entry.state is ApprovalState.DELETED or (entry.changed_at and entry.changed_at < now) for entry in found):
                break
            await asyncio.sleep(1)
        return found

    async def _as_they_are(self, numbers: list[str], now: datetime, names: Names) -> list[TimeEntry]:
        asked = {"only": ",".join(numbers), "include": _INCLUDED, **_LISTING.readings[0]}
        page = await self._api.page("time_entries", asked, 1)
        found = await self._mapped(page, in_order(page, "time_entries"), names)
        missing = sorted(set(numbers) - {entry.source_id for entry in found}, key=int)
        return found + list(await asyncio.gather(*(self._left_over(number, now, names) for number in missing)))

    async def _left_over(self, number: str, now: datetime, names: Names) -> TimeEntry:
        """A list may lag behind; that an entry is gone is said by its own address."""
        try:
            found = await self._api.page(f"time_entries/{number}", {"include": _INCLUDED}, 1)
        except NotFound:
            return time_mapping.deleted_entry(self._api.name, number, now, self._zone)
        return (await self._mapped(found, in_order(found, "time_entries"), names))[0]

    async def _mapped(self, page: Json, records: list[Json], names: Names) -> list[TimeEntry]:
        around = await beside(self._api.name, self._zone, page, records, "timesheet_submissions", names)
        roles = {number: self._api.read(Role, item).name for number, item in (page.get("roles") or {}).items()}
        entries = [self._api.read(theirs.TimeEntry, record) for record in records]
        return [time_mapping.time_entry(e, around, role=await self._role(e, roles, names)) for e in entries]

    async def _role(self, entry: theirs.TimeEntry, roles: dict[str, str], names: Names) -> str:
        """The entry's own labor category, else the person's on the project."""
        name = roles.get(entry.role_id or "", "")
        if not name and entry.workspace_id and entry.user_id:
            name = (await names.roles_on(entry.workspace_id)).get(entry.user_id, "")
        return self._their_roles.get(name, name)
