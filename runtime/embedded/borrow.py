"""Run a command over a fresh PostgreSQL that goes when it ends: ``python -m runtime.embedded.borrow COMMAND... {owner_dsn}``."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from runtime.embedded.postgres import Postgres


async def borrow(command: list[str]) -> int:
    """The command's exit code; ``{owner_dsn}`` and ``{app_dsn}`` in it become addresses."""
    with tempfile.TemporaryDirectory() as home:
        async with Postgres(Path(home) / "postgres", durable=False) as server:
            told = [part.format(owner_dsn=server.owner_dsn, app_dsn=server.app_dsn) for part in command]
            return (await asyncio.to_thread(subprocess.run, told, check=False)).returncode


if __name__ == "__main__":
    sys.exit(asyncio.run(borrow(sys.argv[1:])))
