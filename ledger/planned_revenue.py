"""Planned revenue by contract version, for the revenue process and forecasts (R49); a plan, not a posting."""

from collections.abc import Sequence

from canonical.billing_schedule import RevenuePlan, RevenuePlanItem
from canonical.money import Money
from canonical.period import Period
from canonical.provenance import Entry, Origin
from canonical.quote import BillingKind
from ledger.audit import as_json
from ledger.database import Database, columns

# The plan of a version replaces what that version planned before, in one statement with its audit row.
_PLAN = """
WITH given AS (
    SELECT * FROM unnest($3::text[], $4::text[], $5::date[], $6::date[], $7::numeric[], $8::text[])
    AS g(line, treatment, starts, ends, amount, kind)
), gone AS (
    UPDATE planned_revenue p SET withdrawn_at = business_now()
    WHERE reference = $1 AND version = $2 AND withdrawn_at IS NULL
      AND NOT EXISTS (SELECT FROM given g WHERE (g.line, g.treatment, g.starts) = (p.line, p.treatment, p.starts))
), planned AS (
    INSERT INTO planned_revenue (reference, version, line, treatment, starts, ends, amount, currency, kind)
    SELECT $1, $2, line, treatment, starts, ends, amount, $9, kind FROM given
    ON CONFLICT (reference, version, line, treatment, starts) DO UPDATE
    SET ends = excluded.ends, amount = excluded.amount, currency = excluded.currency, kind = excluded.kind,
        withdrawn_at = NULL
)
SELECT audit_note($10)
"""
# What a part adds stands beside what is planned; the same part again changes nothing but the trail.
_EXTEND = """
WITH planned AS (
    INSERT INTO planned_revenue (reference, version, line, treatment, starts, ends, amount, currency, kind)
    SELECT $1, $2, line, treatment, starts, ends, amount, $9, kind
    FROM unnest($3::text[], $4::text[], $5::date[], $6::date[], $7::numeric[], $8::text[])
    AS g(line, treatment, starts, ends, amount, kind)
    ON CONFLICT (reference, version, line, treatment, starts) DO UPDATE
    SET ends = excluded.ends, amount = excluded.amount, currency = excluded.currency, kind = excluded.kind,
        withdrawn_at = NULL
)
SELECT audit_note($10)
"""
_WITHDRAW_LINES = """
WITH gone AS (
    UPDATE planned_revenue SET withdrawn_at = business_now()
    WHERE reference = $1 AND version = $2 AND line = ANY ($3::text[]) AND withdrawn_at IS NULL RETURNING 1
)
SELECT audit_note($4) FROM gone LIMIT 1
"""
_WITHDRAW = """
WITH gone AS (
    UPDATE planned_revenue SET withdrawn_at = business_now()
    WHERE reference = $1 AND version = $2 AND withdrawn_at IS NULL RETURNING 1
)
SELECT audit_note($3) FROM gone LIMIT 1
"""


class PlannedRevenue:
    """What each contract version expects to earn, by period."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan_revenue(self, plan: RevenuePlan, *, version: int, origin: Origin) -> None:
        """Set the plan of a contract version; the same again changes nothing but the trail."""
        await self._write(_PLAN, "plan_revenue", plan, version, origin)

    async def extend(self, plan: RevenuePlan, *, version: int, origin: Origin) -> None:
        """Lines that join a version later are planned as well; those that are planned stay."""
        await self._write(_EXTEND, "extend_revenue_plan", plan, version, origin)

    async def withdraw_lines(self, plan: RevenuePlan, *, version: int, origin: Origin) -> None:
        """The reverse of extend: the lines of this part only."""
        lines = sorted({item.line for item in plan.items})
        noted = as_json([_entry("withdraw_revenue_lines", plan.reference, version, origin, lines=", ".join(lines))])
        await self._database.execute(_WITHDRAW_LINES, plan.reference, version, lines, noted)

    async def _write(self, statement: str, action: str, plan: RevenuePlan, version: int, origin: Origin) -> None:
        rows = [(i.line, i.treatment, i.period.start, i.period.end, i.amount.amount, i.kind or "") for i in plan.items]
        noted = as_json([_entry(action, plan.reference, version, origin, total=str(plan.total))])
        await self._database.execute(statement, plan.reference, version, *columns(rows, 6), plan.currency, noted)

    async def withdraw(self, reference: str, *, version: int, origin: Origin) -> None:
        """The reverse of plan_revenue; nothing planned is nothing to do."""
        noted = as_json([_entry("withdraw_revenue_plan", reference, version, origin)])
        await self._database.execute(_WITHDRAW, reference, version, noted)

    async def lines_of(self, reference: str) -> Sequence[str]:
        """The lines that the newest version of a contract plans revenue for."""
        rows = await self._database.rows(
            "SELECT DISTINCT line FROM planned_revenue WHERE reference = $1 AND withdrawn_at IS NULL ORDER BY line", reference
        )
        return [row["line"] for row in rows]

    async def of(self, reference: str, *, version: int) -> Sequence[RevenuePlanItem]:
        """The plan of a contract version, in order of lines and periods."""
        rows = await self._database.rows(
            "SELECT * FROM planned_revenue WHERE reference = $1 AND version = $2 AND withdrawn_at IS NULL"
            " ORDER BY line, starts, treatment",
            reference,
            version,
        )
        return [
            RevenuePlanItem(
                line=row["line"],
                treatment=row["treatment"],
                period=Period(start=row["starts"], end=row["ends"]),
                amount=Money(amount=row["amount"], currency=row["currency"]),
                kind=BillingKind(row["kind"]) if row["kind"] else None,
            )
            for row in rows
        ]


def _entry(action: str, reference: str, version: int, origin: Origin, **details: str) -> Entry:
    key = f"{action}/{reference}/{version}"
    return Entry(
        action=action,
        origin=origin,
        system="handoff",
        kind="revenue_plan",
        source_id=reference,
        key=key,
        outcome="done",
        details=details,
    )
