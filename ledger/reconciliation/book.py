"""Reconciliation in the ledger, under the names that activities and operations use: ``books.reconciliation``."""

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

import asyncpg

from canonical.errors import NotFound
from canonical.reconciliation import Comparison, DiscrepancyState, Listed, Reconciliation, ReconciliationRun
from canonical.written import RoundingLevel
from ledger.database import Database
from ledger.reconciliation import matching, second_look, sides
from ledger.reconciliation.findings import Findings
from ledger.reconciliation.second_look import LookAgain

_BEGIN = """
INSERT INTO reconciliation_runs (key, entity, since, through, as_of, is_report_only, workflow)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING *
"""


@dataclass(frozen=True)
class Reconciliations:
    """Runs, and what they found."""

    database: Database
    findings: Findings

    @classmethod
    def over(cls, database: Database) -> Self:
        """Both parts over this database."""
        return cls(database, Findings(database))

    async def begin(
        self, key: str, *, entity: str, since: date, through: date, as_of: datetime, is_report_only: bool, workflow: str
    ) -> ReconciliationRun:
        """A run, once under its key."""
        row = await self.database.row(_BEGIN, key, entity, since, through, as_of, is_report_only, workflow)
        assert row is not None
        return _run(row)

    async def compare(
        self,
        run: ReconciliationRun,
        comparison: Comparison,
        pages: AsyncIterable[Sequence[Listed]],
        *,
        again: LookAgain | None,
        lag: timedelta,
        home: str,
        rounding: RoundingLevel,
    ) -> None:
        """Take both sides in, look again for what is missing, keep what differs; in one transaction, safe to do again."""
        async with self.database.transaction() as connection:
            # The side that leads is read first: what comes to the other meanwhile is there too, or late.
            if comparison.leads:
                await sides.load(connection, run.number, comparison, sides.LEFT, pages)
                await sides.select(connection, run, comparison, sides.RIGHT)
            else:
                await sides.select(connection, run, comparison, sides.LEFT)
                await sides.load(connection, run.number, comparison, sides.RIGHT, pages)
            await sides.narrow(connection, run.number, comparison, entity=run.entity, home=home)
            await second_look.take(connection, run, comparison, again, lag=lag, home=home)
            await matching.compare(connection, run.number, comparison, entity=run.entity, as_of=run.as_of, rounding=rounding)
            await sides.clear(connection, run.number, comparison.name)

    async def finish(self, run: int) -> None:
        """Close what is gone, and the run."""
        await self.findings.close_gone(run)
        await self.database.execute(
            "UPDATE reconciliation_runs SET finished_at = coalesce(finished_at, business_now()) WHERE id = $1", run
        )

    async def runs(self, *, entity: str = "", most: int = 50) -> Sequence[ReconciliationRun]:
        """The newest first."""
        rows = await self.database.rows(
            "SELECT * FROM reconciliation_runs WHERE $1 = '' OR entity = $1 ORDER BY id DESC LIMIT $2", entity, most
        )
        return [_run(row) for row in rows]

    async def read(self, run: int) -> Reconciliation:
        """A run with its sides, buckets, findings and positions."""
        row = await self.database.row("SELECT * FROM reconciliation_runs WHERE id = $1", run)
        if row is None:
            raise NotFound(f"There is no reconciliation run {run}", remedy="Take its number from `handoff reconcile show`.")
        found = self.findings
        return Reconciliation(
            run=_run(row),
            sides=await found.sides(run),
            totals=await found.totals(run),
            buckets=await found.buckets(run),
            findings=await found.of_run(run),
            closed=await found.of_run(run, state=DiscrepancyState.CLOSED),
            positions=await found.positions(run),
        )


def _run(row: asyncpg.Record) -> ReconciliationRun:
    same = ("entity", "since", "through", "as_of", "is_report_only", "started_at", "finished_at", "workflow")
    return ReconciliationRun(number=row["id"], **{name: row[name] for name in same})
