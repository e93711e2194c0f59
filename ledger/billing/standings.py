"""How every contract line of an entity stands at the end of a period: plan, bills, deliveries, measures and books, by sets."""

from collections.abc import AsyncIterator, Sequence
from datetime import date

import asyncpg

from canonical.billable import BillableKind
from canonical.money import Money
from canonical.obligation import BilledPart, Books, LineStanding
from canonical.quote import BillingKind
from canonical.revenue_event import Progress, Treatment
from ledger.billing.amounts import money, plain
from ledger.database import Connection

PAGE = 500
"""Contracts at a time: memory does not grow with their number."""

_CONTRACTS = """
SELECT reference FROM engagements WHERE entity = $1 AND reference > $2 AND ($3 = '' OR reference = $3)
ORDER BY reference LIMIT $4
"""
# $1 contracts, $2 the first day after the period, $3 the entity. What is billed is what was accounted by then, net of credits;
# what funds a retainer, and what draws on one, is no revenue of a line. What credits settled of a price for good is never earned
# (IFRS 15.51, a price concession): progress is of what is left, and months earn as planned until that is reached, those of a
# subscription each within its own period.
_STANDINGS = """
WITH newest AS (
    SELECT reference, max(version) AS version FROM planned_revenue
    WHERE reference = ANY ($1) AND withdrawn_at IS NULL GROUP BY reference
), plan AS (
    SELECT p.reference AS contract, p.line, p.currency, min(p.treatment) AS treatment, max(p.kind) AS kind,
           sum(p.amount) AS price,
           coalesce(sum(p.amount) FILTER (WHERE p.ends <= $2), 0) AS matured
    FROM planned_revenue p JOIN newest USING (reference, version) WHERE p.withdrawn_at IS NULL GROUP BY 1, 2, 3
), forgone AS (
    SELECT b.contract, b.line, b.currency, sum(b.closed) AS price,
           sum(greatest(m.amount - (b.approved - b.closed), 0)) AS matured
    FROM billables b, LATERAL (
        SELECT coalesce(sum(p.amount) FILTER (WHERE p.ends <= $2), 0) AS amount
        FROM planned_revenue p JOIN newest USING (reference, version)
        WHERE (p.reference, p.line, p.currency) = (b.contract, b.line, b.currency) AND p.withdrawn_at IS NULL
          AND b.kind = 'subscription' AND p.starts >= b.service_from AND p.ends <= b.service_until) m
    WHERE b.contract = ANY ($1) AND b.kind IN ('subscription', 'milestone') AND b.state <> 'withdrawn' AND b.closed > 0
    GROUP BY 1, 2, 3
), parts AS (
    SELECT d.contract, l.line, d.currency, l.billing, l.account,
           sum(CASE d.kind WHEN 'invoice' THEN l.amount ELSE -l.amount END) AS amount
    FROM billing_documents d JOIN billing_document_lines l ON l.document = d.reference
    WHERE d.contract = ANY ($1) AND d.entity = $3 AND d.accounting_date < $2 AND l.kind = 'charge'
      AND l.billing NOT IN ('', 'retainer') AND d.state IN ('posted', 'partly_paid', 'paid', 'credited')
    GROUP BY 1, 2, 3, 4, 5
), billed AS (
    SELECT contract, line, currency,
           jsonb_agg(jsonb_build_array(billing, account, amount::text) ORDER BY billing, account) AS parts
    FROM parts GROUP BY 1, 2, 3
), delivered AS (
    SELECT contract, line, currency, sum(approved - closed) AS amount FROM billables
    WHERE contract = ANY ($1) AND kind = 'milestone' AND state <> 'withdrawn' AND service_from < $2 GROUP BY 1, 2, 3
), sums AS (
    SELECT e.contract, e.line, e.currency, e.obligation, sum(e.amount) AS earned, sum(e.revenue) AS revenue,
           sum(e.asset) AS asset, sum(e.liability) AS liability
    FROM revenue_events e JOIN revenue_runs r ON r.reference = e.run
    WHERE e.contract = ANY ($1) AND e.entity = $3 AND e.ends <= $2 AND r.state IN ('prepared', 'posted') GROUP BY 1, 2, 3, 4
), books AS (
    SELECT contract, line, currency,
           jsonb_object_agg(obligation, jsonb_build_array(earned::text, revenue::text, asset::text, liability::text)) AS books
    FROM sums GROUP BY 1, 2, 3
), measured AS (
    SELECT DISTINCT ON (contract, line) contract, line, done, expected, as_of, note FROM revenue_measures
    WHERE contract = ANY ($1) AND as_of < $2 ORDER BY contract, line, as_of DESC, version DESC
)
SELECT contract, line, currency, plan.treatment, plan.kind,
       coalesce(plan.price, 0) - coalesce(forgone.price, 0) AS price, billed.parts, books.books,
       coalesce(least(plan.matured - coalesce(forgone.matured, 0), plan.price - coalesce(forgone.price, 0)), 0) AS matured,
       coalesce(delivered.amount, 0) AS delivered,
       measured.done, measured.expected, measured.as_of, measured.note
FROM plan FULL JOIN billed USING (contract, line, currency) FULL JOIN books USING (contract, line, currency)
LEFT JOIN delivered USING (contract, line, currency) LEFT JOIN forgone USING (contract, line, currency)
LEFT JOIN measured USING (contract, line)
ORDER BY contract, line, currency
"""


async def standings(
    connection: Connection, entity: str, end: date, *, contract: str = "", page: int = PAGE
) -> AsyncIterator[Sequence[LineStanding]]:
    """Every line of the entity's contracts, a page of contracts at a time; ``end`` is the first day after the period."""
    after = ""
    while names := [row["reference"] for row in await connection.fetch(_CONTRACTS, entity, after, contract, page)]:
        rows = await connection.fetch(_STANDINGS, names, end, entity)
        yield [_standing(row, entity) for row in rows]
        after = names[-1]


def _standing(row: asyncpg.Record, entity: str) -> LineStanding:
    currency = row["currency"]
    progress = None if row["done"] is None else Progress(done=plain(row["done"]), expected=plain(row["expected"]))
    return LineStanding(
        contract=row["contract"],
        line=row["line"],
        entity=entity,
        currency=currency,
        kind=BillingKind(row["kind"]) if row["kind"] else None,
        treatment=Treatment(row["treatment"]) if row["treatment"] else Treatment.AS_BILLED,
        price=money(row, "price"),
        matured=money(row, "matured"),
        delivered=money(row, "delivered"),
        progress=progress,
        measured_on=row["as_of"],
        note=row["note"] or "",
        billed=tuple(_part(*part, currency=currency) for part in row["parts"] or ()),
        books={name: _books(*amounts, currency=currency) for name, amounts in (row["books"] or {}).items()},
    )


def _part(kind: str, account: str, amount: str, *, currency: str) -> BilledPart:
    return BilledPart(kind=BillableKind(kind), account=account, amount=Money.of(amount, currency))


def _books(earned: str, revenue: str, asset: str, liability: str, *, currency: str) -> Books:
    names = {"earned": earned, "revenue": revenue, "asset": asset, "liability": liability}
    return Books(**{name: Money.of(amount, currency) for name, amount in names.items()})
