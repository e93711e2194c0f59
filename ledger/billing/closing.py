"""What stands in a month of an entity before it is closed: work that waits, writes in flight, exceptions, late work (issue 3)."""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg

from canonical.billable import BillableKind
from canonical.closing import CloseState, InFlight, OpenCases, PendingWork, PriorPeriod, WaitingMoney
from canonical.period import Period
from canonical.rules.close import Accruable
from ledger.billing.amounts import money, money_or_none, plain
from ledger.database import Database

_WAITING = """
SELECT currency, state, code, sum(amount) AS amount, count(*) AS items, min(service_from) AS oldest FROM (
    SELECT currency, service_from, approved - billed + credited - closed AS amount,
           CASE WHEN state = 'held' THEN 'held' WHEN frozen_by <> '' THEN 'frozen' ELSE 'open' END AS state,
           CASE WHEN state = 'held' THEN hold_code ELSE frozen_by END AS code
    FROM billables WHERE entity = $1 AND state <> 'withdrawn' AND service_from < $2 AND billed - credited + closed < approved
    UNION ALL
    SELECT d.currency, d.document_date, d.net, 'on_document_' || d.state, d.hold_code FROM billing_documents d
    WHERE d.entity = $1 AND d.kind = 'invoice' AND d.accounting_date < $2
      AND d.state IN ('proposed', 'held', 'released', 'drafted')) t
GROUP BY 1, 2, 3 ORDER BY 2, 3, 1
"""
# Approved for service in the period and not accounted by its end: open, or on a document that is not posted or of a later date.
# What the period earns by a schedule is accrued by recognition, and what is held is no right to be paid yet.
_ACCRUABLE = """
SELECT t.currency, t.kind, sum(t.amount) AS amount, count(DISTINCT t.id) AS items FROM (
    SELECT id, contract, line, currency, kind, approved - billed + credited - closed AS amount FROM billables
    WHERE entity = $1 AND state = 'open' AND service_from < $2 AND billed - credited + closed < approved
    UNION ALL
    SELECT b.id, b.contract, b.line, b.currency, b.kind, a.amount - a.taken_back
    FROM billing_documents d JOIN allocations a ON a.document = d.reference AND a.kind = 'bill'
    JOIN billables b ON b.id = a.billable
    WHERE d.entity = $1 AND d.kind = 'invoice' AND b.service_from < $2 AND a.amount > a.taken_back
      AND (d.state IN ('proposed', 'held', 'released', 'drafted')
           OR d.state IN ('posted', 'partly_paid', 'paid', 'credited') AND d.accounting_date >= $2)) t
WHERE t.kind NOT IN ('retainer', 'subscription') AND NOT (t.kind = 'milestone' AND EXISTS (
    SELECT FROM planned_revenue p WHERE p.reference = t.contract AND p.line = t.line AND p.withdrawn_at IS NULL
    AND p.treatment IN ('straight_line', 'over_time_by_cost', 'over_time_by_hours')))
GROUP BY 1, 2 HAVING sum(t.amount) <> 0 ORDER BY 1, 2
"""
# A write whose lease is not over, or was a moment ago, comes to its end by itself; an older one waits for a process or a person.
_IN_FLIGHT = """
SELECT e.system, e.kind, e.state, count(*) AS count,
       coalesce(bool_or(e.lease_until > clock_timestamp() - interval '15 seconds'), false) AS is_live
FROM effects e LEFT JOIN engagements g ON g.reference = e.engagement
WHERE e.state IN ('reserved', 'calling', 'unknown') AND coalesce(g.entity, $1) = $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_CASES = """
SELECT code, count(*) AS count, sum(money_amount) AS money, money_currency AS currency FROM cases
WHERE entity = $1 AND state IN ('open', 'proposed') GROUP BY code, money_currency ORDER BY code, money_currency
"""
_PRIOR = """
SELECT d.currency, sum(a.amount - a.taken_back) AS amount, count(DISTINCT a.billable) AS items,
       count(DISTINCT d.reference) AS documents
FROM billing_documents d JOIN allocations a ON a.document = d.reference AND a.kind = 'bill' JOIN billables b ON b.id = a.billable
WHERE d.entity = $1 AND d.is_prior_period AND d.accounting_date >= $2 AND d.accounting_date < $3 AND b.service_from < $2
  AND b.kind NOT IN ('subscription', 'retainer') AND d.state <> 'withdrawn'
GROUP BY 1 HAVING sum(a.amount - a.taken_back) <> 0 ORDER BY 1
"""
_PENDING = """
SELECT state, currency, count(*) AS entries, sum(hours) AS hours, sum(amount) AS amount FROM pending_approvals
WHERE entity = $1 AND service < $2 GROUP BY state, currency ORDER BY state, currency
"""
_START = """
INSERT INTO period_closes AS c (entity, starts, workflow_id) VALUES ($1, $2, $3)
ON CONFLICT (entity, starts) DO UPDATE SET state = 'started', workflow_id = excluded.workflow_id, finished_at = NULL
WHERE c.state = 'done'
"""


class Closing:
    """The month end as the ledger sees it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, entity: str, end: date) -> Sequence[WaitingMoney]:
        """Approved work for service before ``end`` that is not on a posted document."""
        rows = await self._database.rows(_WAITING, entity, end)
        names = ("state", "code", "items", "oldest")
        return [WaitingMoney(**{name: row[name] for name in names}, amount=money(row, "amount")) for row in rows]

    async def accruable(self, entity: str, end: date, accounts: Mapping[BillableKind, str]) -> Sequence[Accruable]:
        """What an accrual must hold, by the account that it will be billed to."""
        rows = await self._database.rows(_ACCRUABLE, entity, end)
        return [Accruable(account=accounts[BillableKind(r["kind"])], amount=money(r, "amount"), items=r["items"]) for r in rows]

    async def in_flight(self, entity: str) -> Sequence[InFlight]:
        """Writes that are under way or whose outcome is unknown."""
        return [InFlight(**dict(row)) for row in await self._database.rows(_IN_FLIGHT, entity)]

    async def cases(self, entity: str) -> Sequence[OpenCases]:
        """Open exceptions, by code and currency."""
        rows = await self._database.rows(_CASES, entity)
        return [
            OpenCases(code=row["code"], count=row["count"], money=money_or_none(row, "money") if row["currency"] else None)
            for row in rows
        ]

    async def prior(self, entity: str, period: Period) -> Sequence[PriorPeriod]:
        """What was accounted in the period for service in a closed one (S27)."""
        rows = await self._database.rows(_PRIOR, entity, period.start, period.end)
        return [PriorPeriod(amount=money(row, "amount"), items=row["items"], documents=row["documents"]) for row in rows]

    async def pending(self, entity: str, end: date) -> Sequence[PendingWork]:
        """Recorded and not approved."""
        rows = await self._database.rows(_PENDING, entity, end)
        return [
            PendingWork(
                state=row["state"],
                hours=plain(row["hours"]),
                money=money_or_none(row, "amount") if row["currency"] else None,
                entries=row["entries"],
            )
            for row in rows
        ]

    async def start(self, entity: str, start: date, workflow_id: str) -> None:
        """Our own close of the month has begun."""
        await self._database.execute(_START, entity, start, workflow_id)

    async def finish(self, entity: str, start: date) -> None:
        """Nothing is left for it to do."""
        await self._database.execute(
            "UPDATE period_closes SET state = 'done', finished_at = business_now() WHERE entity = $1 AND starts = $2"
            " AND state <> 'done'",
            entity,
            start,
        )

    async def state(self, entity: str, start: date) -> CloseState | None:
        """How far our own close is."""
        row = await self._database.row("SELECT * FROM period_closes WHERE entity = $1 AND starts = $2", entity, start)
        return _state(row) if row else None

    async def begun(self, since: date) -> set[tuple[str, date]]:
        """The closes of the months since a day: those that need no starting."""
        rows = await self._database.rows("SELECT entity, starts FROM period_closes WHERE starts >= $1", since)
        return {(row["entity"], row["starts"]) for row in rows}


def _state(row: asyncpg.Record) -> CloseState:
    names = ("state", "workflow_id", "started_at", "finished_at")
    return CloseState(**{name: row[name] for name in names})
