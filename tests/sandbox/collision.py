"""Two calls at one simulated NetSuite that are surely under way at once."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from sandbox.vendor import SimulatedVendor


async def colliding(vendor: SimulatedVendor, *calls: Awaitable[Any]) -> list[Any]:
    """What each came to; none of them ends before all have begun."""
    vendor.seed({"account": {"call_seconds": 60}})
    together = asyncio.gather(*calls)
    try:
        async with asyncio.timeout(45):
            while vendor.taking_time < len(calls):  # type: ignore[attr-defined] # noqa: ASYNC110 - the server's thread counts
                await asyncio.sleep(0.01)
    finally:
        vendor.seed({"account": {"call_seconds": 0}})
    return await together
