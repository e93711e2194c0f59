"""A stack under test whose schedules stand still: their rounds come at the quarter hour, whichever test runs then."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from temporalio.client import Client

from runtime.embedded.record import Record


def pause(home: Path, schedules: Iterable[str]) -> None:
    """These schedules of the stack that runs in this folder; each test says itself what it wants done."""
    record = Record.of_running(home)
    assert record is not None
    asyncio.run(_pause(record.addresses["temporal"], schedules))


async def _pause(address: str, schedules: Iterable[str]) -> None:
    client = await Client.connect(address)
    for one in schedules:
        await client.get_schedule_handle(one).pause(note="under test")
