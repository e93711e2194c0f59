"""From an invoice number, or our document and line, to its causes: people, approvers, rates, evidence, credits, postings."""

from collections.abc import Sequence

import asyncpg

from canonical.billable import CreditDisposition
from canonical.billing_view import BacklogRow, Trace, TracedCredit, TracedItem, TracedLine
from canonical.money import Money
from ledger.billing.amounts import money, plain
from ledger.billing.billable_rows import of_row
from ledger.billing.document_rows import line_of
from ledger.billing.journals import posting_of
from ledger.database import Database

_DOCUMENT = """
SELECT * FROM billing_documents WHERE reference = $1
UNION ALL SELECT * FROM billing_documents WHERE number = $1 AND number <> '' AND reference <> $1 LIMIT 1
"""
_LINES = """
SELECT *, NULL AS billables FROM billing_document_lines WHERE document = $1 AND ($2::int IS NULL OR number = $2) ORDER BY number
"""
_ITEMS = """
SELECT a.id AS allocation, a.document, a.line AS on_line, a.amount AS allocated, a.quantity AS allocated_quantity, b.*,
       count(*) OVER () AS total,
       (SELECT jsonb_agg(jsonb_build_array(c.id, c.document, d.number, c.amount::text, c.disposition, c.at) ORDER BY c.id)
        FROM allocations c JOIN billing_documents d ON d.reference = c.document
        WHERE c.takes_from = a.id AND c.kind = 'credit' AND c.taken_back = 0) AS credits
FROM allocations a JOIN billables b ON b.id = a.billable
WHERE a.document = $1 AND ($2::int IS NULL OR a.line = $2) AND a.kind IN ('bill', 'credit')
ORDER BY a.line, a.id LIMIT $3 OFFSET $4
"""
# The ERP names the document that made a journal by its own id, a journal of ours by our reference.
_POSTINGS = """
SELECT * FROM journal_lines WHERE document = $1 OR reference = $1 OR system = $2 AND document = $3 AND document <> ''
ORDER BY system, journal, place
"""
_OF_ITEM = """
SELECT DISTINCT d.reference, d.created_at FROM billables b JOIN allocations a ON a.billable = b.id
JOIN billing_documents d ON d.reference = a.document WHERE b.reference = $1 ORDER BY d.created_at, d.reference
"""
# An item counts once for each state: what is billed and not posted stands on documents that wait.
_BACKLOG = """
SELECT entity, currency, CASE WHEN state = 'held' THEN 'held' WHEN frozen_by <> '' THEN 'frozen' ELSE 'open' END AS state,
       CASE WHEN state = 'held' THEN hold_code ELSE frozen_by END AS code,
       sum(approved - billed + credited - closed) AS amount, count(*) AS items,
       coalesce(sum(quantity - billed_quantity - closed_quantity) FILTER (WHERE unit = 'hour'), 0) AS hours,
       min(service_from) AS oldest
FROM (
    SELECT * FROM billables WHERE state = 'open' AND frozen_by = '' AND billed - credited + closed < approved
    UNION ALL SELECT * FROM billables WHERE state = 'open' AND frozen_by <> '' AND billed - credited + closed < approved
    UNION ALL SELECT * FROM billables WHERE state = 'held' AND billed - credited + closed < approved) b
WHERE ($1 = '' OR entity = $1) AND ($2 = '' OR contract = $2) GROUP BY 1, 2, 3, 4
UNION ALL
SELECT entity, currency, 'on_' || kind || '_' || state, hold_code, sum(net), count(*), 0, min(document_date)
FROM billing_documents
WHERE state IN ('proposed', 'held', 'released', 'drafted') AND ($1 = '' OR entity = $1) AND ($2 = '' OR contract = $2)
GROUP BY entity, currency, kind, state, hold_code
UNION ALL
SELECT entity, currency, 'pending_approval', state, coalesce(sum(amount), 0), count(*), sum(hours), min(service)
FROM pending_approvals
WHERE currency <> '' AND ($1 = '' OR entity = $1) AND ($2 = '' OR contract = $2) GROUP BY entity, currency, state
ORDER BY 1, 2, 3, 4
"""


class Traces:
    """What auditors and boards ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_document(self, name: str, *, line: int | None = None, limit: int = 500, offset: int = 0) -> Trace | None:
        """By our reference or the ERP's number; one line of it, or all. None where nothing is called so."""
        async with self._database.acquire() as connection:
            head = await connection.fetchrow(_DOCUMENT, name)
            if head is None:
                return None
            lines = await connection.fetch(_LINES, head["reference"], line)
            items = await connection.fetch(_ITEMS, head["reference"], line, limit, offset)
            postings = await connection.fetch(_POSTINGS, head["reference"], head["system"], head["target_id"])
        names = ("number", "system", "target_id", "kind", "state", "contract", "correlation", "exemption_certificate")
        return Trace(
            document=head["reference"],
            **{one: head[one] for one in names},
            net=money(head, "net"),
            tax=money(head, "tax"),
            lines=tuple(TracedLine(line=line_of(row, head["currency"])) for row in lines),
            items=tuple(_item(row) for row in items),
            total=items[0]["total"] if items else 0,
            postings=tuple(posting_of(row) for row in postings),
        )

    async def of_item(self, reference: str) -> Sequence[str]:
        """The documents that an item stood on, in order: history keeps all of them."""
        return [row["reference"] for row in await self._database.rows(_OF_ITEM, reference)]

    async def backlog(self, *, entity: str = "", contract: str = "") -> Sequence[BacklogRow]:
        """Money that waits: open, held with its code, frozen, and on documents that are not posted yet."""
        return [_backlog(row) for row in await self._database.rows(_BACKLOG, entity, contract)]


def _item(row: asyncpg.Record) -> TracedItem:
    return TracedItem(
        allocation=row["allocation"],
        document=row["document"],
        line=row["on_line"],
        amount=money(row, "allocated"),
        quantity=plain(row["allocated_quantity"]),
        billable=of_row(row),
        credits=tuple(_credit(*part, currency=row["currency"]) for part in row["credits"] or ()),
    )


def _credit(
    allocation: int, document: str, number: str, amount: str, disposition: str, at: str, *, currency: str
) -> TracedCredit:
    return TracedCredit.model_validate(
        {
            "allocation": allocation,
            "document": document,
            "number": number,
            "amount": Money.of(amount, currency),
            "disposition": CreditDisposition(disposition),
            "at": at,
        }
    )


def _backlog(row: asyncpg.Record) -> BacklogRow:
    named = {name: row[name] for name in ("entity", "currency", "state", "code", "items", "oldest")}
    return BacklogRow(**named, amount=money(row, "amount"), hours=plain(row["hours"]))
