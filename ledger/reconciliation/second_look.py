"""What is missing on one side is looked for by name before it is a finding: a list may lag behind what it lists (R135).

One bulk read of exactly what is missing, whichever side leads. What the leading system holds is taken as it is now, with its
price; what the other side does not show although it was written a moment ago is not judged yet.
"""

from collections.abc import AsyncIterable, Callable, Sequence
from datetime import timedelta

from canonical.errors import NotReady
from canonical.reconciliation import Comparison, Listed, ReconciliationRun, Sought
from ledger.database import Connection
from ledger.reconciliation import sides

LookAgain = Callable[[Sequence[Sought]], AsyncIterable[Sequence[Listed]]]

# What waits on purpose is not missed.
_MISSED = """
FROM reconciliation_items i
WHERE i.run = $1 AND i.comparison = $2 AND i.side = 1 AND i.counts AND i.held = '' AND NOT EXISTS (
    SELECT FROM reconciliation_items o
    WHERE (o.run, o.comparison, o.key, o.side) = (i.run, i.comparison, i.key, 2) AND o.counts)
"""
_SOUGHT = f"SELECT i.key, i.target, i.kind {_MISSED} ORDER BY i.id"
_FORGET = """
DELETE FROM reconciliation_items WHERE run = $1 AND comparison = $2 AND side = $3
AND (key = ANY ($4) OR target <> '' AND target = ANY ($5))
"""
_TOO_EARLY = f"""
SELECT count(*) AS many, max(i.changed_at) + $3::interval - business_now() AS wait
{_MISSED} AND i.changed_at > business_now() - $3::interval
"""


async def take(
    connection: Connection, run: ReconciliationRun, comparison: Comparison, again: LookAgain | None, *, lag: timedelta, home: str
) -> None:
    """Read what is missing once more; what was written so lately that no list need show it is told as not ready."""
    rows = await connection.fetch(_SOUGHT, run.number, comparison.name) if again else []
    if again is None or not rows:
        return
    sought = [Sought(reference=row["key"], target_id=row["target"], kind=row["kind"]) for row in rows]
    listed = sides.LEFT if comparison.leads else sides.RIGHT
    names, targets = [one.reference for one in sought], [one.target_id for one in sought if one.target_id]
    await connection.execute(_FORGET, run.number, comparison.name, listed, names, targets)
    await sides.load(connection, run.number, comparison, listed, again(sought))
    await sides.narrow(connection, run.number, comparison, entity=run.entity, home=home)
    if not comparison.leads:
        await _judgeable(connection, run, comparison, lag)


async def _judgeable(connection: Connection, run: ReconciliationRun, comparison: Comparison, lag: timedelta) -> None:
    early = await connection.fetchrow(_TOO_EARLY, run.number, comparison.name, lag)
    if early and early["many"]:
        raise NotReady(
            f"{early['many']} records of {comparison.name} are not listed by {comparison.outside} and were written moments ago",
            evidence={"comparison": comparison.name, "system": comparison.outside},
            retry_after=early["wait"],
        )
