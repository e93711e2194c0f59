"""Bring a database to the newest schema: `python -m ledger.migrations.run DSN`, with the owner's DSN."""

import argparse
import asyncio
import os

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from ledger.migrations.engine import connected

APP_ROLE = "handoff_app"
_LOCK = 7_246_001  # any number, the same everywhere: two processes that start together migrate one after the other


async def upgrade(owner_dsn: str, *, app_role: str | None = None, clock_moves: bool = False) -> None:
    """Bring the database to head. ``clock_moves`` lets rehearsals move business time; production never sets it."""
    async with connected(owner_dsn) as connection:
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(_upgrade, app_role or os.environ.get("HANDOFF_APP_ROLE", APP_ROLE))
        if clock_moves:
            await connection.execute(text("UPDATE clock SET is_movable = true"))


def configuration(connection: Connection, app_role: str = APP_ROLE) -> Config:
    """Alembic's settings for this connection."""
    config = Config()
    config.set_main_option("script_location", "ledger:migrations")
    config.attributes.update(connection=connection, app_role=app_role)
    return config


def _upgrade(connection: Connection, app_role: str) -> None:
    command.upgrade(configuration(connection, app_role), "head")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Bring the ledger's database to the newest schema.")
    parser.add_argument("dsn", help="the owner's DSN: postgresql://owner:...@host:port/database")
    parser.add_argument(
        "--app-role", default=None, help="the role that the application connects as (HANDOFF_APP_ROLE, else handoff_app)"
    )
    parser.add_argument(
        "--clock-moves", action="store_true", help="let rehearsals and tests move business time; never in production"
    )
    given = parser.parse_args()
    asyncio.run(upgrade(given.dsn, app_role=given.app_role, clock_moves=given.clock_moves))


if __name__ == "__main__":
    main()
