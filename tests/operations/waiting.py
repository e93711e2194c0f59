"""Waiting for what others bring about, bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")


async def until(look: Callable[[], Awaitable[Seen]], holds: Callable[[Seen], bool], *, seconds: float = 60) -> Seen:
    """What was seen when it held."""
    async with asyncio.timeout(seconds):
        while not holds(seen := await look()):  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.05)
    return seen
