"""The append-only trail (R147, R148): noted in one statement, read as a story; trail.py proves that nothing was changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from canonical.errors import presentable
from canonical.provenance import Entry, Origin
from canonical.schema import Part
from ledger.database import Database

OURS = "handoff"
"""The stream of entries that belong to no engagement."""


class Noted(Part):
    """An entry as it stands in the trail."""

    stream: str
    seq: int
    at: datetime
    entry: Entry
    hash: str


class Audit:
    """Who did what to which record, when, from what to what. Details never hold a secret or a rate."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, entries: Sequence[Entry]) -> None:
        """Append them, in order."""
        if entries:
            await self._database.execute("SELECT audit_note($1)", as_json(entries))

    async def story(self, engagement: str) -> Sequence[Noted]:
        """All that happened to an engagement, in order."""
        return [
            _noted(row) for row in await self._database.rows("SELECT * FROM audit WHERE stream = $1 ORDER BY seq", engagement)
        ]

    async def of_key(self, key: str) -> Sequence[Noted]:
        """All that happened under one business key or to one exception, in order."""
        rows = await self._database.rows("SELECT * FROM audit WHERE key = $1 ORDER BY at, stream, seq", key)
        return [_noted(row) for row in rows]

    async def between(self, since: datetime, until: datetime, *, limit: int = 10_000, offset: int = 0) -> Sequence[Noted]:
        """The trail of a half-open period, for export."""
        rows = await self._database.rows(
            "SELECT * FROM audit WHERE at >= $1 AND at < $2 ORDER BY at, stream, seq LIMIT $3 OFFSET $4",
            since,
            until,
            limit,
            offset,
        )
        return [_noted(row) for row in rows]

    async def anchor(self) -> str:
        """Bind the heads of all streams together; answers the hash, which is worth keeping outside this database too."""
        bound: str = await self._database.value("SELECT audit_anchor()")
        return bound


def as_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries as the database's audit_note takes them; a detail whose name says that it is a secret is withheld."""
    return [
        {
            **entry.model_dump(exclude={"origin", "details"}),
            **entry.origin.model_dump(exclude={"engagement"}),
            "stream": entry.origin.engagement or OURS,
            "details": presentable(entry.details),
        }
        for entry in entries
    ]


def _noted(row: asyncpg.Record) -> Noted:
    origin = Origin(engagement=row["stream"], **{name: row[name] for name in Origin.model_fields if name != "engagement"})
    entry = Entry(origin=origin, **{name: row[name] for name in Entry.model_fields if name != "origin"})
    return Noted(stream=row["stream"], seq=row["seq"], at=row["at"], entry=entry, hash=row["hash"])
