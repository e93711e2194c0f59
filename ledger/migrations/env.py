"""What alembic runs: the migrations over the connection it was given, or over the owner's DSN of the environment."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from ledger.migrations.engine import connected
from ledger.schema import METADATA


def migrate(connection: Connection) -> None:
    """Run what was asked on this connection, in one transaction."""
    context.configure(connection=connection, target_metadata=METADATA, compare_type=True, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()


async def over_the_environment() -> None:
    """For alembic's own commands."""
    async with connected(os.environ["HANDOFF_DATABASE__OWNER_DSN"]) as connection:
        await connection.run_sync(migrate)


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(over_the_environment())
else:
    migrate(given)
