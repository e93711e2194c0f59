"""Payloads by the hash of their content: what is too big or too private for a workflow's history."""

from collections.abc import Sequence

from pydantic import BaseModel

from canonical.errors import NotFound
from canonical.reference import fingerprint
from ledger.database import Database


class Dossiers:
    """Kept once, never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, kind: str, reference: str, content: BaseModel) -> str:
        """Keep it; answers the hash under which it is read. The kind belongs to the content, the reference is for people."""
        dossier = fingerprint({"kind": kind, "content": content.model_dump(mode="python")})
        await self._database.execute(
            "INSERT INTO dossiers (fingerprint, kind, reference, content) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            dossier,
            kind,
            reference,
            content.model_dump(mode="json"),
        )
        return dossier

    async def all_of(self, kind: str, reference: str) -> Sequence[dict[str, object]]:
        """Everything of a kind that was kept for a reference, the oldest first."""
        rows = await self._database.rows(
            "SELECT content FROM dossiers WHERE kind = $1 AND reference = $2 ORDER BY kept_at", kind, reference
        )
        return [row["content"] for row in rows]

    async def read(self, dossier: str) -> dict[str, object]:
        """The content, as JSON has it."""
        content: dict[str, object] | None = await self._database.value(
            "SELECT content FROM dossiers WHERE fingerprint = $1", dossier
        )
        if content is None:
            raise NotFound(
                "A payload that a workflow refers to is not in this database.",
                remedy="Restore it from the backup, or start the handoff anew from its system of record.",
                evidence={"dossier": dossier},
            )
        return content
