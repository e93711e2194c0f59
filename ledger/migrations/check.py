"""Whether tables.py and migrations agree: `python -m ledger.migrations.check OWNER_DSN` prints the differences and exits 1."""

import argparse
import asyncio
import sys
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from ledger.migrations.engine import connected
from ledger.migrations.run import upgrade
from ledger.schema import METADATA


async def differences(owner_dsn: str) -> list[Any]:
    """What autogenerate would still change in a database at head."""
    async with connected(owner_dsn) as connection:
        return await connection.run_sync(_compare)


def _compare(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, METADATA))


async def check(owner_dsn: str) -> list[Any]:
    """Bring the database to head, then compare."""
    await upgrade(owner_dsn)
    return await differences(owner_dsn)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compare ledger/tables.py with the migrations; exit code 1 if they differ.")
    parser.add_argument("dsn", help="the owner's DSN of a database that may be migrated")
    found = asyncio.run(check(parser.parse_args().dsn))
    for difference in found:
        print(difference)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
