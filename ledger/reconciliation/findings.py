"""Findings as they stand: read, closed when they are gone, healed; and a contract's money side by side (R135, R136)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import asyncpg

from canonical.money import Money
from canonical.reconciliation import Bucket, Discrepancy, DiscrepancyState, DiscrepancyType, Position, RunTotals, Side
from ledger.billing.amounts import plain
from ledger.database import Database

_SEEN = """
SELECT s.*, f.entity, f.comparison, f.key,
       EXISTS (SELECT FROM reconciliation_healings h WHERE h.finding = s.finding AND h.run = s.run) AS is_healed
FROM reconciliation_states s JOIN reconciliation_findings f ON f.id = s.finding
"""
_OF_RUN = _SEEN + " WHERE s.run = $1 AND s.state = $2 ORDER BY f.comparison, abs(s.money) DESC, f.key LIMIT $3"
_STANDING = (
    _SEEN
    + """
WHERE s.id = (SELECT max(id) FROM reconciliation_states l WHERE l.finding = s.finding) AND s.state = 'open'
  AND ($1 = '' OR f.entity = $1) AND ($2 = '' OR s.type = $2)
ORDER BY abs(s.money) DESC, s.since, f.key LIMIT $3
"""
)
# Gone is what this run compared, looked at the day of, and did not find again.
_CLOSE = """
INSERT INTO reconciliation_states (finding, run, type, state, kind, day, contract, money, currency, left_said, right_said, reason,
                                   targets, since)
SELECT s.finding, r.id, s.type, 'closed', s.kind, s.day, s.contract, s.money, s.currency, s.left_said, s.right_said,
       'gone at the run of ' || r.through, s.targets, s.since
FROM reconciliation_runs r
JOIN reconciliation_findings f ON f.entity = r.entity
JOIN reconciliation_sides d ON d.run = r.id AND d.comparison = f.comparison AND d.not_compared = ''
JOIN reconciliation_states s ON s.id = (SELECT max(id) FROM reconciliation_states l WHERE l.finding = f.id)
WHERE r.id = $1 AND s.state = 'open' AND s.run <> r.id AND (s.day IS NULL OR s.day BETWEEN r.since AND r.through)
ON CONFLICT (finding, run) DO NOTHING
"""
_TOTALS = """
SELECT currency, coalesce(sum(money) FILTER (WHERE is_drift), 0) AS net,
       coalesce(sum(abs(money)) FILTER (WHERE is_drift), 0) AS gross,
       coalesce(sum(abs(money)) FILTER (WHERE type = 'LATE'), 0) AS late,
       coalesce(sum(abs(money)) FILTER (WHERE type = 'HELD'), 0) AS held, count(*) AS findings
FROM (SELECT *, type NOT IN ('LATE', 'HELD') AS is_drift FROM reconciliation_states WHERE run = $1 AND state = 'open') s
GROUP BY currency ORDER BY currency
"""
_HEALED = """
INSERT INTO reconciliation_healings (finding, run, did) SELECT unnest($2::bigint[]), $1, $3 ON CONFLICT DO NOTHING
"""
_POSITIONS = """
INSERT INTO reconciliation_positions (run, contract, currency, agreed, approved, billed, earned)
SELECT $1::bigint, e.reference, coalesce(e.value_currency, ''), coalesce(e.value_amount, 0),
       coalesce((SELECT sum(b.approved) FROM billables b WHERE b.contract = e.reference AND b.currency = e.value_currency
                 AND b.state <> 'withdrawn' AND b.kind <> 'retainer'), 0),
       coalesce((SELECT sum(CASE d.kind WHEN 'invoice' THEN d.net ELSE -d.net END) FROM billing_documents d
                 WHERE d.contract = e.reference AND d.currency = e.value_currency AND d.posted_at IS NOT NULL
                 AND d.state <> 'withdrawn'), 0),
       coalesce((SELECT sum(j.credit - j.debit) FROM journal_lines j WHERE j.account = ANY ($3) AND (j.document IN (
                 SELECT d.target_id FROM billing_documents d WHERE d.contract = e.reference AND d.target_id <> '')
                 OR j.document = '' AND j.project = e.reference)), 0)
FROM engagements e WHERE e.entity = $2 AND e.status IN ('active', 'partly_active')
ON CONFLICT DO NOTHING
"""


class Findings:
    """What runs found, and what became of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_run(self, run: int, *, state: DiscrepancyState = DiscrepancyState.OPEN, most: int = 10_000) -> list[Discrepancy]:
        """What a run found, or closed."""
        return [_discrepancy(row) for row in await self._database.rows(_OF_RUN, run, state.value, most)]

    async def standing(self, *, entity: str = "", type: str = "", most: int = 1_000) -> list[Discrepancy]:
        """What stands open, the most money first."""
        return [_discrepancy(row) for row in await self._database.rows(_STANDING, entity, type, most)]

    async def close_gone(self, run: int) -> None:
        """What an earlier run found and this one did not is closed with its date."""
        await self._database.execute(_CLOSE, run)

    async def healed(self, run: int, findings: Sequence[int], did: str) -> None:
        """What a run did about them."""
        await self._database.execute(_HEALED, run, list(findings), did)

    async def totals(self, run: int) -> list[RunTotals]:
        """Net and gross drift by currency, with what is late and held beside it."""
        return [RunTotals(**_plain(row)) for row in await self._database.rows(_TOTALS, run)]

    async def buckets(self, run: int) -> list[Bucket]:
        """Counts and sums of both sides."""
        rows = await self._database.rows(
            "SELECT * FROM reconciliation_buckets WHERE run = $1 ORDER BY comparison, day, kind, currency", run
        )
        return [Bucket(**{name: value for name, value in _plain(row).items() if name in Bucket.model_fields}) for row in rows]

    async def sides(self, run: int) -> list[Side]:
        """What was compared, and what was not and why."""
        rows = await self._database.rows("SELECT * FROM reconciliation_sides WHERE run = $1 ORDER BY comparison", run)
        names = ("comparison", "left_count", "right_count", "not_compared")
        return [Side(left=row["left_system"], right=row["right_system"], **{name: row[name] for name in names}) for row in rows]

    async def not_compared(self, run: int, comparison: str, systems: tuple[str, str], why: str) -> None:
        """Nobody may take for compared what was not."""
        await self._database.execute(
            "INSERT INTO reconciliation_sides (run, comparison, left_system, right_system, not_compared)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            run,
            comparison,
            *systems,
            why,
        )

    async def take_positions(self, run: int, entity: str, revenue_accounts: Sequence[str]) -> None:
        """Billed against earned, and billable effort against contract terms, of every contract of the entity."""
        await self._database.execute(_POSITIONS, run, entity, list(revenue_accounts))

    async def positions(self, run: int) -> list[Position]:
        """As the run saw them."""
        rows = await self._database.rows(
            "SELECT contract, currency, agreed, approved, billed, earned FROM reconciliation_positions WHERE run = $1"
            " ORDER BY contract",
            run,
        )
        return [Position(**_plain(row)) for row in rows]


def _discrepancy(row: asyncpg.Record) -> Discrepancy:
    same = ("run", "entity", "comparison", "key", "kind", "day", "contract", "reason", "is_healed", "since", "at")
    money = Money(amount=plain(row["money"]), currency=row["currency"]) if row["currency"] else None
    return Discrepancy(
        number=row["finding"],
        type=DiscrepancyType(row["type"]),
        state=DiscrepancyState(row["state"]),
        money=money,
        left=row["left_said"],
        right=row["right_said"],
        targets=tuple(row["targets"]),
        **{name: row[name] for name in same},
    )


def _plain(row: asyncpg.Record) -> dict[str, Any]:
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in row.items()}
