"""Business time: the machine's clock plus a shift that rehearsals and tests may set, never production."""

from datetime import datetime, timedelta

import asyncpg

from canonical.errors import MoveRefused
from ledger.database import Database
from ledger.refusals import CLOCK_STANDS


class BusinessClock:
    """The one clock; what the database fills in by itself reads the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self) -> datetime:
        """Business time."""
        moment: datetime = await self._database.value("SELECT business_now()")
        return moment

    async def advance(self, by: timedelta) -> datetime:
        """Move business time on; answers what it is then."""
        return await self._moved("SELECT move_clock($1::interval)", by)

    async def move_to(self, moment: datetime) -> datetime:
        """Move business time to a moment, forwards or backwards."""
        return await self._moved("SELECT move_clock($1::timestamptz - business_now())", moment)

    async def _moved(self, statement: str, argument: object) -> datetime:
        try:
            moment: datetime = await self._database.value(statement, argument)
        except asyncpg.PostgresError as refused:
            if refused.sqlstate != CLOCK_STANDS:
                raise
            raise MoveRefused(
                "The business clock of this database does not move.",
                remedy="To rehearse another date you must migrate a database of its own with --clock-moves; production has none.",
            ) from refused
        return moment
