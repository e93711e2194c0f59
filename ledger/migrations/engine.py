"""The owner's connection for migrations, and SQL files run over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

FOLDER = Path(__file__).parent / "sql"


@asynccontextmanager
async def connected(owner_dsn: str) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that is committed at the end."""
    engine = create_async_engine(owner_dsn.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


def run_file(connection: Connection, name: str) -> None:
    """A file of several statements, within the transaction; prepared statements, which SQLAlchemy uses, take one at a time."""
    driver = connection.connection.driver_connection
    assert driver is not None
    await_only(driver.execute((FOLDER / f"{name}.sql").read_text()))
