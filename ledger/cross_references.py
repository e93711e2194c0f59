"""The binder: our reference and a system's id, each for the other (R32)."""

from collections.abc import Mapping

import asyncpg

from ledger import effect_refusals
from ledger.database import Database

_ALIVE = "withdrawn_at IS NULL"


class CrossReferences:
    """Pairs come about by writes (Effects) and by ``bind``; one name binds one record there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def to_theirs(self, system: str, kind: str, reference: str) -> str | None:
        """Their id of what we call so."""
        found: str | None = await self._database.value(
            f"SELECT target_id FROM cross_references WHERE system = $1 AND kind = $2 AND reference = $3 AND {_ALIVE}",
            system,
            kind,
            reference,
        )
        return found

    async def to_ours(self, system: str, kind: str, target_id: str) -> str | None:
        """Our reference of what they call so."""
        found: str | None = await self._database.value(
            f"SELECT reference FROM cross_references WHERE system = $1 AND kind = $2 AND target_id = $3 AND {_ALIVE}",
            system,
            kind,
            target_id,
        )
        return found

    async def all_of(self, reference: str) -> Mapping[tuple[str, str], str]:
        """Every (system, kind) -> target id that is bound to the reference."""
        rows = await self._database.rows(
            f"SELECT system, kind, target_id FROM cross_references WHERE reference = $1 AND {_ALIVE} ORDER BY system, kind",
            reference,
        )
        return {(row["system"], row["kind"]): row["target_id"] for row in rows}

    async def bind(self, system: str, kind: str, reference: str, target_id: str) -> None:
        """Record the pair. The same pair again changes nothing; a different one is refused, loudly."""
        try:
            await self._database.value("SELECT bind_reference($1, $2, $3, $4, false)", system, kind, reference, target_id)
        except asyncpg.PostgresError as refused:
            raise effect_refusals.of_database(refused, reference) from refused
