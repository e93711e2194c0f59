"""How far each source has been polled (R107)."""

from datetime import datetime

from ledger.database import Database

_ADVANCE = """
INSERT INTO watermarks AS w (source, until) VALUES ($1, $2)
ON CONFLICT (source) DO UPDATE SET until = greatest(w.until, excluded.until)
"""


class Watermarks:
    """One mark a source; it never goes backwards."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, source: str) -> datetime | None:
        """How far; None: never polled."""
        until: datetime | None = await self._database.value("SELECT until FROM watermarks WHERE source = $1", source)
        return until

    async def advance(self, source: str, until: datetime) -> None:
        """Polled up to here."""
        await self._database.execute(_ADVANCE, source, until)
