"""Paginators of three methods; each connector names its own, none is guessed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from canonical.errors import RuleBroken

Page = dict[str, Any]
_MOST_PAGES = 100_000


class Paginator(Protocol):
    """How one vendor's lists are walked."""

    def first(self) -> dict[str, str]:
        """The parameters of the first request."""
        ...

    def items(self, page: Page) -> list[Page]:
        """The records on a page, in the vendor's order."""
        ...

    def following(self, page: Page) -> dict[str, str] | None:
        """The parameters of the next request, or None after the last page."""
        ...


async def every(paginator: Paginator, fetch: Callable[[dict[str, str]], Awaitable[Page]]) -> AsyncIterator[Page]:
    """All records of all pages; a vendor that repeats the same page for ever is stopped."""
    parameters: dict[str, str] | None = paginator.first()
    for _ in range(_MOST_PAGES):
        if parameters is None:
            return
        page = await fetch(parameters)
        for item in paginator.items(page):
            yield item
        following = paginator.following(page)
        if following is not None and following == parameters:
            raise RuleBroken("A list repeats its page", evidence={"parameters": parameters})
        parameters = following
