"""The pool of connections to PostgreSQL that the ledger works over, as the application role; statements are prepared once."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

if TYPE_CHECKING:  # generic for the type checker only
    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]
    Plain: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection, Plain = PoolConnectionProxy, asyncpg.Connection


class _Lean(Plain):
    """A connection that is not reset when given back: nothing here changes a session, and a reset is a round trip."""

    def get_reset_query(self) -> str:
        return ""


class Database:
    """Open one for a process and share it."""

    def __init__(self, dsn: str, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.dsn = dsn
        self._pool = pool

    @classmethod
    async def open(cls, dsn: str, *, most: int = 10, least: int = 1) -> Self:
        """Connect; fails at once where the database is not to be reached."""
        pool = await asyncpg.create_pool(
            dsn, min_size=least, max_size=most, connection_class=_Lean, init=_speak_json, max_inactive_connection_lifetime=60
        )
        return cls(dsn, pool)

    async def close(self) -> None:
        """Give the connections back."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection for several statements."""
        async with self._pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection

    async def rows(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows of one statement."""
        async with self._pool.acquire() as connection:
            return await connection.fetch(statement, *arguments)

    async def row(self, statement: str, *arguments: object) -> asyncpg.Record | None:
        """The first row of one statement."""
        async with self._pool.acquire() as connection:
            return await connection.fetchrow(statement, *arguments)

    async def value(self, statement: str, *arguments: object) -> Any:
        """The first value of one statement."""
        async with self._pool.acquire() as connection:
            return await connection.fetchval(statement, *arguments)

    async def execute(self, statement: str, *arguments: object) -> int:
        """One statement; answers how many rows it touched."""
        async with self._pool.acquire() as connection:
            said = await connection.execute(statement, *arguments)
        count = said.rsplit(" ", 1)[-1]
        return int(count) if count.isdigit() else 0

    @asynccontextmanager
    async def listening(self, channel: str, *, heard: Callable[[], None], lost: Callable[[], None]) -> AsyncIterator[None]:
        """A connection of its own that listens; ``lost`` is called when it ends."""
        connection = await asyncpg.connect(self.dsn)
        try:
            connection.add_termination_listener(lambda *_: lost())
            await connection.add_listener(channel, lambda *_: heard())
            yield
        finally:
            connection.terminate()


def columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as columns, for unnest: one statement however many rows."""
    return [[row[place] for row in rows] for place in range(width)]


async def _speak_json(connection: Plain) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
