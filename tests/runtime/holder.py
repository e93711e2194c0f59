"""A process that holds a PostgreSQL and a Temporal, for tests that end it: ``python -m tests.runtime.holder FOLDER``."""

import asyncio
import sys
from pathlib import Path

from runtime.embedded.plan import Part, Plan
from runtime.embedded.stack import Stack


async def hold(home: Path) -> None:
    """Say so when all runs, then stay until ended."""
    parts = frozenset({Part.POSTGRES, Part.TEMPORAL})
    async with Stack(Plan(home, parts=parts, lasting=False, well_known_ports=False, web_ui=False)):
        print("running", flush=True)
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(hold(Path(sys.argv[1])))
