"""The board's rows of engagements: a projection, written by whatever changed the engagement."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from canonical.engagement import EngagementRow
from canonical.money import Money
from ledger.database import Database

_PLAIN = ("status", "title", "customer", "entity", "correlation", "version", "executed_at", "activated_at", "note")
_COLUMNS = ("reference", *_PLAIN, "value_amount", "value_currency", "left_out_amount", "targets")
_UPDATE = f"""
INSERT INTO engagements AS e ({", ".join(_COLUMNS)})
VALUES ({", ".join(f"${place}" for place in range(1, len(_COLUMNS)))}, coalesce(${len(_COLUMNS)}::jsonb, '{{}}'))
ON CONFLICT (reference) DO UPDATE SET
    {", ".join(f"{name} = coalesce(excluded.{name}, e.{name})" for name in _COLUMNS[1:-1])},
    targets = e.targets || excluded.targets, updated_at = business_now()
"""


class Engagements:
    """What boards and commands read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def update(self, row: EngagementRow) -> None:
        """Only the fields that are given are changed; targets are added to those that are known."""
        money, left_out = row.value, row.left_out
        await self._database.execute(
            _UPDATE,
            row.reference,
            *(getattr(row, name) for name in _PLAIN),
            money.amount if money else None,
            money.currency if money else None,
            left_out.amount if left_out else None,
            row.targets,
        )

    async def read(self, reference: str) -> EngagementRow | None:
        """One engagement."""
        row = await self._database.row(f"SELECT {', '.join(_COLUMNS)} FROM engagements WHERE reference = $1", reference)
        return _engagement(row) if row else None

    async def board(
        self, *, status: str = "", entity: str = "", customer: str = "", limit: int = 200, offset: int = 0
    ) -> Sequence[EngagementRow]:
        """The engagements of a board, the last changed first."""
        rows = await self._database.rows(
            f"SELECT {', '.join(_COLUMNS)} FROM engagements"
            " WHERE ($1 = '' OR status = $1) AND ($2 = '' OR entity = $2) AND ($3 = '' OR customer = $3)"
            " ORDER BY updated_at DESC, reference LIMIT $4 OFFSET $5",
            status,
            entity,
            customer,
            limit,
            offset,
        )
        return [_engagement(row) for row in rows]

    async def holding(self, identifier: str) -> str | None:
        """The engagement to which an id in some system, a document number or a business key belongs."""
        found: str | None = await self._database.value(
            "SELECT engagement FROM effects WHERE target_id = $1 AND target_id <> '' OR number = $1 AND number <> '' OR key = $1"
            " ORDER BY created_at DESC LIMIT 1",  # in these words the partial indexes serve
            identifier,
        )
        return found

    async def customer_with(self, target_id: str) -> str | None:
        """The customer whose record in the ERP has that id, where an engagement says so (one that was matched, not created)."""
        found: str | None = await self._database.value(
            "SELECT customer FROM engagements WHERE targets ->> 'customer' = $1 AND customer <> '' LIMIT 1", target_id
        )
        return found

    async def using_customer(self, customer: str, *, besides: str) -> int:
        """How many other engagements, not withdrawn, are of this customer."""
        using: int = await self._database.value(
            "SELECT count(*) FROM engagements WHERE customer = $1 AND reference <> $2 AND status IS DISTINCT FROM 'withdrawn'",
            customer,
            besides,
        )
        return using


def _engagement(row: asyncpg.Record) -> EngagementRow:
    fields: dict[str, Any] = dict(row)
    amount, currency, left_out = (fields.pop(name) for name in ("value_amount", "value_currency", "left_out_amount"))
    return EngagementRow(
        **fields,
        value=Money(amount=amount, currency=currency) if currency else None,
        left_out=Money(amount=left_out, currency=currency) if left_out else None,
    )
