"""A billing run claims what is open, in one transaction: documents, lines, allocations, use of caps and purchase orders."""

from collections.abc import Sequence
from datetime import date

import asyncpg

from canonical.claim import Claim, Claimed, ClaimedDocument, LeftOver
from canonical.invoice import InvoiceState
from canonical.provenance import Entry, Origin
from ledger.audit import as_json
from ledger.billing.amounts import money
from ledger.billing.refusals import in_business_words
from ledger.database import Database

_DOCUMENTS = """
SELECT d.*, (SELECT coalesce(sum(items), 0) FROM billing_document_lines l WHERE l.document = d.reference) AS items
FROM billing_documents d WHERE d.run = $1 ORDER BY d.reference
"""
# Late work bears the flag of a prior period: its service lies before the last period that is closed (S27).
_PRIOR = """
UPDATE billing_documents d SET is_prior_period = true
WHERE d.run = $1 AND d.state = 'proposed' AND EXISTS (
    SELECT FROM billing_document_lines l WHERE l.document = d.reference AND l.service_from < $2
    AND l.billing NOT IN ('subscription', 'retainer', ''))
"""
_LEFT = """
SELECT hold_code, contract, hold_note, currency, sum(approved - billed + credited - closed) AS amount, count(*) AS items
FROM billables
WHERE state = 'held' AND hold_code IN ('CAP_EXCEEDED', 'PO_EXHAUSTED') AND contract = ANY ($1)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
_CONTRACTS = """
SELECT DISTINCT contract FROM billables
WHERE state = 'open' AND frozen_by = '' AND billed - credited + closed < approved
  AND ($1 = '' OR entity = $1) AND service_from <= $2
ORDER BY contract
"""


class Claims:
    """What a run takes no other run or batch can take; an amendment that froze its items first keeps them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, claim: Claim, *, origin: Origin) -> Claimed:
        """Bill what is open in the scope; the same run again answers the same documents and takes nothing."""
        with in_business_words(f"Billing run {claim.run}"):
            async with self._database.transaction() as connection:
                made_now = await connection.fetchval("SELECT claim_billables($1)", claim.model_dump(mode="json"))
                if made_now and claim.prior_before:
                    await connection.execute(_PRIOR, claim.run, claim.prior_before)
                rows = await connection.fetch(_DOCUMENTS, claim.run)
                left = await connection.fetch(_LEFT, list(claim.contracts))
                if made_now and rows:
                    entries = [_entry(row, claim.run, origin) for row in rows]
                    await connection.execute("SELECT audit_note($1)", as_json(entries))
        return Claimed(documents=tuple(map(_document, rows)), left=tuple(map(_left, left)))

    async def contracts(self, entity: str, through: date) -> Sequence[str]:
        """The contracts of an entity (empty: of all) with something to bill."""
        return [row["contract"] for row in await self._database.rows(_CONTRACTS, entity, through)]


def _document(row: asyncpg.Record) -> ClaimedDocument:
    plain = {name: row[name] for name in ("reference", "contract", "entity", "customer", "purchase_order", "items")}
    return ClaimedDocument(**plain, net=money(row, "net"), state=InvoiceState(row["state"]))


def _left(row: asyncpg.Record) -> LeftOver:
    return LeftOver(
        code=row["hold_code"],
        contract=row["contract"],
        name=row["hold_note"],
        amount=money(row, "amount"),
        items=row["items"],
    )


def _entry(row: asyncpg.Record, run: str, origin: Origin) -> Entry:
    return Entry(
        action="claim_billables",
        origin=origin,
        system="handoff",
        kind="invoice",
        source_id=row["reference"],
        key=run,
        outcome=row["state"],
        details={"net": f"{row['net']} {row['currency']}", "items": str(row["items"]), "contract": row["contract"]},
    )
