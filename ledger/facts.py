"""What is known of each canonical object's versions, kept for years; the door behind the inbox (DESIGN 4)."""

from collections.abc import Sequence

from canonical.fact import Verdict
from ledger.database import Database


class Facts:
    """Append-only: a version that was seen stays seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def judge(self, kind: str, reference: str, version: str, fingerprint: str) -> Verdict:
        """Record the version if it is new. ``stale``: older than the newest known (versions compare as text, so they must sort).

        A stale version is recorded too, so that the same content delivered again is a duplicate and other content a conflict,
        whichever came first.
        """
        row = await self._database.row("SELECT * FROM judge_fact($1, $2, $3, $4)", kind, reference, version, fingerprint)
        assert row is not None
        return Verdict(
            reference=reference, version=version, outcome=row["outcome"], fingerprint=fingerprint, seen_fingerprint=row["seen"]
        )

    async def versions(self, kind: str, reference: str) -> Sequence[str]:
        """All that were seen, oldest first."""
        rows = await self._database.rows(
            'SELECT version FROM facts WHERE kind = $1 AND reference = $2 ORDER BY version COLLATE "C"', kind, reference
        )
        return [row["version"] for row in rows]
