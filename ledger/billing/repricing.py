"""What a changed rate finds of a contract: its time with what it is billed at now, and the allocations that bill it (R56)."""

from collections.abc import Sequence
from decimal import Decimal

import asyncpg

from canonical.money import Money
from canonical.rules.retroactive import PricedWork, StandingPart
from ledger.billing.amounts import money, plain
from ledger.billing.billable_rows import of_row
from ledger.database import Database

# What was rated before counts with what was corrected of it since: earlier deltas, and what was closed by a lower rate.
_WORK = """
SELECT b.*, coalesce((SELECT sum(d.approved - d.closed) FROM billables d WHERE d.contract = b.contract AND d.kind = 'rate_delta'
                      AND d.state <> 'withdrawn' AND d.evidence ->> 'corrects' = b.reference), 0) AS deltas,
       coalesce((SELECT jsonb_agg(jsonb_build_array(a.document, a.line, (a.amount - a.taken_back)::text,
                                                    (a.quantity - a.taken_back_quantity)::text) ORDER BY a.id)
                 FROM allocations a WHERE a.billable = b.id AND a.kind = 'bill' AND a.amount > a.taken_back), '[]') AS standing
FROM billables b
WHERE b.contract = $1 AND b.kind = 'time' AND b.state <> 'withdrawn' AND b.reference > $2
  AND ($3::text[] IS NULL OR b.reference = ANY ($3))
ORDER BY b.reference LIMIT $4
"""
_CONTRACTS = "SELECT DISTINCT contract FROM billables WHERE kind = 'time' AND state <> 'withdrawn' ORDER BY contract"


class Repricing:
    """Read only: what changes goes through Entries and Credits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def work_of(
        self, contract: str, *, only: Sequence[str] | None = None, after: str = "", limit: int = 2_000
    ) -> Sequence[PricedWork]:
        """The time of a contract (these items of it), a page at a time, in the order of names."""
        names = None if only is None else list(only)
        return [_work(row) for row in await self._database.rows(_WORK, contract, after, names, limit)]

    async def contracts(self) -> Sequence[str]:
        """Every contract with time: what a rate card of the firm's own may concern."""
        return [row["contract"] for row in await self._database.rows(_CONTRACTS)]


def _work(row: asyncpg.Record) -> PricedWork:
    item = of_row(row)
    standing = tuple(
        StandingPart(invoice=invoice, line=line, amount=Money(amount=Decimal(amount), currency=item.currency))
        for invoice, line, amount, _ in row["standing"]
    )
    hours = sum((Decimal(quantity) for *_, quantity in row["standing"]), Decimal(0))
    closed, quantity = money(row, "closed"), plain(row["quantity"]) - plain(row["closed_quantity"])
    return PricedWork(
        item=item,
        priced_at=money(row, "approved") - closed + money(row, "deltas"),
        quantity=quantity,
        open=money(row, "approved") - closed - money(row, "billed") + money(row, "credited"),
        open_quantity=max(quantity - hours, Decimal(0)),
        is_closed=not closed.is_zero,
        standing=standing,
        state=row["state"],
        hold_code=row["hold_code"],
    )
