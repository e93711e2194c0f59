"""Long lists of changes, read whole while they change: backwards, in stretches side by side, a few pages ahead of the reader."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from canonical.errors import NotReady, Throttled, Unavailable
from connectors.http import Json
from connectors.kantata.api import Api, meta_of, numbers_in

_SECOND = timedelta(seconds=1)
_MOST_PAGES = 10  # of one stretch; a longer one is cut in two
_PATIENCE = 5
_LONGEST_PAUSE = timedelta(minutes=1)

Found = TypeVar("Found")


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time in whole seconds, as the account shows them."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, since: datetime, until: datetime) -> "Window":
        """Both ends cut to the second: what the last second lost, the next window begins with."""
        return cls(since.astimezone(UTC).replace(microsecond=0), until.astimezone(UTC).replace(microsecond=0))

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until

    def halves(self) -> "tuple[Window, ...]":
        """Itself in two, unless it is a second."""
        seconds = int((self.until - self.since).total_seconds())
        middle = self.since + timedelta(seconds=seconds // 2)
        return (Window(self.since, middle), Window(middle, self.until)) if seconds > 1 else ()

    def asked(self, what: str) -> dict[str, str]:
        """As parameters. Whether their bounds belong to it is not documented: a second more is asked for, then left out."""
        return {f"{what}_after": (self.since - _SECOND).isoformat(), f"{what}_before": self.until.isoformat()}


class Windows:
    """Reads what changed in a window.

    A page is a place in a list that changes meanwhile. What is changed or deleted while we read leaves a window that has ended,
    and moves what stands behind it forward; nothing enters. So a list is read from its last page to its first: what moves, moves
    into pages still to come, and is told twice rather than never. The count of the last answer proves it.
    """

    def __init__(self, api: Api, *, at_once: int) -> None:
        self._api, self._at_once = api, at_once

    async def settled(self, since: datetime, until: datetime) -> Window:
        """The window, once its end has passed there too: a watermark is never ahead of the source."""
        window, now = Window.of(since, until), await self._api.clock()
        if now < window.until:
            raise NotReady(
                f"It is {now:%H:%M:%S} UTC at {self._api.name}; changes until {window.until:%H:%M:%S} are not all made yet",
                evidence={"there": now.isoformat(), "until": window.until.isoformat()},
                retry_after=window.until - now,
            )
        return window

    async def side_by_side(self, window: Window, read: Callable[[Window], AsyncIterator[Found | Window]]) -> AsyncIterator[Found]:
        """What ``read`` finds in the window, and in the stretches that it gives back, at most a few pages ahead of the caller."""
        todo: asyncio.Queue[Window] = asyncio.LifoQueue()
        ready: asyncio.Queue[Found | Exception | None] = asyncio.Queue(self._at_once)
        todo.put_nowait(window)
        tasks = [asyncio.create_task(_worker(todo, ready, read)) for _ in range(self._at_once)]
        tasks.append(asyncio.create_task(_closing(todo, ready)))
        try:
            while (found := await ready.get()) is not None:
                if isinstance(found, Exception):
                    raise found
                yield found
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def changed(
        self, plural: str, query: dict[str, str], window: Window, *, by: str = "updated"
    ) -> AsyncIterator[Json | Window]:
        """The pages of a window, or its halves if it is too long to be read in one go."""
        asked = {**query, **window.asked(by)}
        first = await self._page(plural, asked, 1)
        halves = window.halves() if meta_of(first).page_count > _MOST_PAGES else ()
        for half in halves:
            yield half
        if not halves:
            async for page in self._backwards(plural, asked, first):
                yield page

    async def every(self, plural: str, query: dict[str, str]) -> AsyncIterator[Json]:
        """The pages of any list that only loses records while it is read."""
        async for page in self._backwards(plural, query, await self._page(plural, query, 1)):
            yield page

    async def _backwards(self, plural: str, query: dict[str, str], first: Json) -> AsyncIterator[Json]:
        meta = meta_of(first)
        if meta.page_count <= 1:
            yield first
            return
        seen: set[str] = set()
        count = 0
        for number in range(meta.page_count, 0, -1):
            page = await self._page(plural, query, number)
            seen.update(numbers_in(page, plural))
            count = int(page["count"])
            yield page
        if len(seen) < count:
            raise Unavailable(
                f"{self._api.name} listed {len(seen)} of {count} {plural.replace('_', ' ')}: more came while they were read",
                evidence={"list": plural, "listed": len(seen), "counted": count},
            )

    async def _page(self, plural: str, query: dict[str, str], number: int) -> Json:
        """A page, with patience: to be throttled once in a thousand pages is no reason to begin again."""
        for _ in range(_PATIENCE):
            try:
                return await self._api.page(plural, query, number)
            except Throttled as throttled:
                pause = throttled.retry_after or _SECOND
                if pause > _LONGEST_PAUSE:
                    raise
                await asyncio.sleep(pause.total_seconds())
        return await self._api.page(plural, query, number)


async def _worker(
    todo: "asyncio.Queue[Window]",
    ready: "asyncio.Queue[Found | Exception | None]",
    read: Callable[[Window], AsyncIterator[Found | Window]],
) -> None:
    try:
        while True:
            window = await todo.get()
            async for found in read(window):
                if isinstance(found, Window):
                    todo.put_nowait(found)
                else:
                    await ready.put(found)
            todo.task_done()
    except Exception as failure:  # told to the reader, who raises it
        await ready.put(failure)


async def _closing(todo: "asyncio.Queue[Window]", ready: "asyncio.Queue[Found | Exception | None]") -> None:
    await todo.join()
    await ready.put(None)
