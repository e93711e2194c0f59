"""The ledger as a judge reads it: its tables, straight from the database, past all of the product's own code."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from rehearsal.record import Json

_DOCUMENTS = """
SELECT d.*,
       (SELECT coalesce(array_agg(l.amount ORDER BY l.number), '{}') FROM billing_document_lines l
        WHERE l.document = d.reference) AS lines,
       (SELECT coalesce(array_agg(l.description ORDER BY l.number), '{}') FROM billing_document_lines l
        WHERE l.document = d.reference) AS descriptions,
       (SELECT coalesce(jsonb_object_agg(account, amount::text), '{}') FROM (
            SELECT account, sum(debit - credit) AS amount FROM journal_lines j
            WHERE j.system = d.system AND j.document = d.target_id AND d.target_id <> '' GROUP BY account) t) AS posts
FROM billing_documents d ORDER BY d.reference
"""


class LedgerView:
    """Rows as dictionaries, with JSON read."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection, self._turn = connection, asyncio.Lock()

    async def engagement(self, contract: str) -> Json | None:
        """One row of the board."""
        rows = await self.rows("SELECT * FROM engagements WHERE reference = $1", contract)
        return rows[0] if rows else None

    async def engagements(self) -> list[Json]:
        """The board."""
        return await self.rows("SELECT * FROM engagements ORDER BY reference")

    async def cases(self) -> list[Json]:
        """Every exception, oldest first."""
        return await self.rows("SELECT * FROM cases ORDER BY number")

    async def effects(self) -> list[Json]:
        """Every write that the protocol knows."""
        return await self.rows("SELECT * FROM effects ORDER BY key")

    async def references(self) -> list[Json]:
        """Every pair of ids."""
        return await self.rows("SELECT * FROM cross_references ORDER BY system, kind, reference, number")

    async def audit(self) -> list[Json]:
        """The trail."""
        return await self.rows("SELECT * FROM audit ORDER BY stream, seq")

    async def inbox(self) -> list[Json]:
        """Every delivery, once."""
        return await self.rows("SELECT * FROM inbox ORDER BY number")

    async def expectations(self) -> list[Json]:
        """What should come to pass."""
        return await self.rows("SELECT * FROM expectations ORDER BY key")

    async def billing_documents(self) -> list[Json]:
        """Invoices and credit memos, with their lines and what the ERP posted for them by account."""
        return await self.rows(_DOCUMENTS)

    async def sub_ledgers(self) -> list[Json]:
        """Retainers, purchase orders and caps."""
        return await self.rows("SELECT * FROM sub_ledgers ORDER BY id")

    async def billables(self) -> list[Json]:
        """Every item with its counters."""
        return await self.rows("SELECT * FROM billables ORDER BY reference")

    async def rows(self, query: str, *arguments: Any) -> list[Json]:
        """The answer to a query; those who ask at the same time take turns, since a connection carries one."""
        async with self._turn:
            return [dict(row) for row in await self._connection.fetch(query, *arguments)]


@asynccontextmanager
async def ledger_view(dsn: str) -> AsyncIterator[LedgerView]:
    """A connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        yield LedgerView(connection)
    finally:
        await connection.close()
