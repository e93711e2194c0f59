"""The journals of the month end: proposed, approved by people, posted and reversed once, each with its content as drawn up."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg

from canonical.closing import AccruedAccount, ClosingJournal
from canonical.errors import NotFound
from canonical.journal import Journal
from canonical.money import Money
from canonical.period import Period
from canonical.provenance import Entry, Origin
from canonical.written import Written
from ledger.audit import as_json
from ledger.billing.amounts import money
from ledger.database import Connection, Database, columns

_INSERT = """
INSERT INTO closing_journals (purpose, run, entity, starts, ends, state, reference, currency, amount, items, content)
SELECT $1, $2, $3, $4, $5, $6, g.* FROM unnest($7::text[], $8::text[], $9::numeric[], $10::int[], $11::jsonb[])
    AS g(reference, currency, amount, items, content)
ON CONFLICT (reference) DO NOTHING
"""
_OF = """
SELECT * FROM closing_journals WHERE entity = $1 AND starts = $2 AND ($3 = '' OR purpose = $3) AND ($4 = '' OR run = $4)
ORDER BY reference
"""
_MOVE = """
UPDATE closing_journals SET state = $2, decided_by = CASE WHEN $3 = '' THEN decided_by ELSE $3 END
WHERE reference = $1 AND state = ANY ($4) RETURNING reference
"""
_POSTED = """
UPDATE closing_journals SET state = 'posted', system = $2, target_id = $3, number = $4, posted_at = business_now()
WHERE reference = $1 AND state = 'approved' RETURNING reference
"""
# By currency and account, credits positive; the other side is the contract asset.
_ACCRUED = """
SELECT currency, l ->> 'account' AS account,
       sum(coalesce((l #>> '{credit,amount}')::numeric, 0) - coalesce((l #>> '{debit,amount}')::numeric, 0)) AS amount
FROM closing_journals, jsonb_array_elements(content -> 'lines') AS t(l)
WHERE entity = $1 AND starts = $2 AND purpose = 'accrual' AND state IN ('approved', 'posted') AND l ->> 'account' <> $3
GROUP BY 1, 2 ORDER BY 1, 2
"""
_NEXT = "SELECT count(*) + 1 FROM closing_journals WHERE entity = $1 AND starts = $2 AND purpose = 'accrual' AND currency = $3"
_BEFORE = {
    "approved": ["proposed"],
    "withdrawn": ["proposed", "approved"],
    "reversed": ["posted"],
}


class ClosingJournals:
    """What the month end posts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def propose(self, period: Period, journal: Journal, items: int, *, origin: Origin) -> str:
        """Keep an accrual for people to decide on; what was proposed before and not decided gives way to it."""
        async with self._database.transaction() as connection:
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"accrual/{journal.entity}/{period.start}"
            )
            await connection.execute(
                "UPDATE closing_journals SET state = 'withdrawn' WHERE entity = $1 AND starts = $2 AND currency = $3"
                " AND purpose = 'accrual' AND state = 'proposed'",
                journal.entity, period.start, journal.currency,
            )  # fmt: skip
            number = await connection.fetchval(_NEXT, journal.entity, period.start, journal.currency)
            named = journal.model_copy(update={"reference": f"{journal.reference}-{number}"})
            await insert_journals(connection, "accrual", period, [(named, items)])
            await connection.execute("SELECT audit_note($1)", _entry("propose_accrual", named.reference, origin))
        return named.reference

    async def read(self, reference: str) -> tuple[Journal, ClosingJournal]:
        """One, with its content."""
        row = await self._database.row("SELECT * FROM closing_journals WHERE reference = $1", reference)
        if row is None:
            raise NotFound(f"There is no journal {reference} of a month end.", remedy="See `handoff close show`.")
        return _content(row), _journal(row)

    async def of(self, entity: str, start: date, *, purpose: str = "", run: str = "") -> Sequence[ClosingJournal]:
        """Those of a period."""
        return [_journal(row) for row in await self._database.rows(_OF, entity, start, purpose, run)]

    async def move(self, reference: str, state: str, *, by: str = "", origin: Origin) -> bool:
        """Approved, withdrawn or reversed; answers whether it was moved now."""
        async with self._database.transaction() as connection:
            moved = await connection.fetchval(_MOVE, reference, state, by, _BEFORE[state])
            if moved:
                await connection.execute("SELECT audit_note($1)", _entry(f"journal_{state}", reference, origin, by=by))
        return moved is not None

    async def posted(self, reference: str, written: Written, *, system: str, origin: Origin) -> None:
        """What the ERP made of it."""
        async with self._database.transaction() as connection:
            values = (reference, system, written.target_id, written.number)
            if await connection.fetchval(_POSTED, *values):
                said = {"number": written.number, "system": system}
                await connection.execute("SELECT audit_note($1)", _entry("journal_posted", reference, origin, **said))

    async def accrued(self, entity: str, start: date, asset: str) -> Sequence[AccruedAccount]:
        """What posted accruals of a period come to, by currency and account; ``asset`` is the account on the other side."""
        rows = await self._database.rows(_ACCRUED, entity, start, asset)
        return [AccruedAccount(**dict(row)) for row in rows if row["amount"]]


async def insert_journals(
    connection: Connection, purpose: str, period: Period, journals: Sequence[tuple[Journal, int]], *, run: str = "",
    state: str = "proposed",
) -> None:  # fmt: skip
    """Keep them as they were drawn up; each stands for so many items."""
    if not journals:
        return
    rows = [(one.reference, one.currency, _debits(one), items, one.model_dump(mode="json")) for one, items in journals]
    entity = journals[0][0].entity
    await connection.execute(_INSERT, purpose, run, entity, period.start, period.end, state, *columns(rows, 5))


def _debits(journal: Journal) -> Decimal:
    return Money.sum((line.debit for line in journal.lines if line.debit), journal.currency).amount


def _content(row: asyncpg.Record) -> Journal:
    return Journal.model_validate(row["content"])


def _journal(row: asyncpg.Record) -> ClosingJournal:
    names = ("reference", "purpose", "state", "currency", "items", "run", "system", "target_id", "number", "decided_by")
    content: dict[str, Any] = row["content"]
    return ClosingJournal(
        **{name: row[name] for name in names},
        amount=money(row, "amount"),
        accounting_date=content["accounting_date"],
        reverses_on=content.get("reverses_on"),
    )


def _entry(action: str, reference: str, origin: Origin, **details: str) -> object:
    entry = Entry(
        action=action, origin=origin, system="handoff", kind="journal", source_id=reference, key=f"{action}/{reference}",
        outcome="done", details={name: value for name, value in details.items() if value},
    )  # fmt: skip
    return as_json([entry])
