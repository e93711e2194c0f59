"""Serve a prepared Tryton until Ctrl-C: ``python -m runtime.embedded.tryton``."""

import asyncio
import signal
import sys
from pathlib import Path

from runtime.embedded.process import PartFailed
from runtime.embedded.tryton.firm import COMPANIES
from runtime.embedded.tryton.server import ADMIN, served

HOME = Path(".handoff") / "tryton"


async def main() -> int:
    """Says where it is reached and who may sign in; the passwords stay in their file."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print("Preparing Tryton (the first time takes minutes on a slow machine) ...", flush=True)
    try:
        async with served(HOME, durable=True) as server:
            firms = ", ".join(f"{company.name} ({company.entity})" for company in COMPANIES)
            print(f"Tryton serves {firms} at {server.url}, database '{server.database}'.")
            print(f"Users '{ADMIN}' and '{server.login}'; their passwords are in {HOME / 'passwords.json'}.")
            print("It starts with empty books each time. Ctrl-C ends it.", flush=True)
            await stop.wait()
    except PartFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
