"""Documents as we request them: proposed, completed with tax and accounts, moved through their states, recorded as posted."""

from collections.abc import Mapping, Sequence

import asyncpg

from canonical.billing_document import Allocated, Allotment, BillingDocument, DocumentKind, FrozenRate, LineTerms
from canonical.errors import NotFound
from canonical.invoice import ALLOWED, CreditMemo, DocumentLine, DocumentRecord, Invoice, InvoiceState, require_move
from canonical.money import Money, minor_unit
from canonical.provenance import Entry, Origin
from ledger.audit import as_json
from ledger.billing.amounts import money, plain
from ledger.billing.document_rows import invoice_head, invoice_of, line_row, memo_of
from ledger.billing.refusals import in_business_words
from ledger.database import Connection, Database, columns

_PROPOSE = "SELECT reference FROM propose_document($1, $2, $3, $4, $5, $6)"
_LINES = """
SELECT l.*, (SELECT array_agg(b.reference ORDER BY b.reference) FROM (
        SELECT billable FROM allocations a WHERE a.document = l.document AND a.line = l.number AND a.kind IN ('bill', 'credit')
        ORDER BY a.id LIMIT 100) a JOIN billables b ON b.id = a.billable) AS billables
FROM billing_document_lines l WHERE l.document = $1 ORDER BY l.number
"""
_ALLOCATIONS = """
SELECT a.*, b.reference, b.currency FROM allocations a JOIN billables b ON b.id = a.billable
WHERE a.document = $1 AND a.kind = 'bill' AND a.id > $2 ORDER BY a.id LIMIT $3
"""
_COMPLETE_LINES = """
UPDATE billing_document_lines l
SET description = coalesce(g.description, l.description), account = coalesce(g.account, l.account),
       tax_code = coalesce(g.tax_code, l.tax_code), tax = coalesce(g.tax, l.tax)
FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::numeric[]) AS g(number, description, account, tax_code, tax)
WHERE l.document = $1 AND l.number = g.number
"""
_COMPLETE = """
UPDATE billing_documents SET tax = $2, total = net + $2, exemption_certificate = $6, exchange_rate = coalesce($3, exchange_rate),
       exchange_rate_source = CASE WHEN $3 IS NULL THEN exchange_rate_source ELSE $4 END,
       exchange_rate_at = coalesce($5, exchange_rate_at), changed_at = business_now()
WHERE reference = $1 AND (state IN ('proposed', 'held') OR kind = 'credit_memo' AND state = 'released') RETURNING reference
"""
_MOVE = """
UPDATE billing_documents SET state = $2, hold_code = $4, changed_at = business_now(),
       posted_at = CASE WHEN $2 = 'posted' THEN coalesce(posted_at, business_now()) ELSE posted_at END
WHERE reference = $1 AND state = ANY ($3) RETURNING *
"""
_RECORD = """
UPDATE billing_documents
SET system = $2, target_id = $3, number = $4, url = $5, target_version = $6, posted_on = $7, open_amount = $8
WHERE reference = $1
"""
_WHOLLY_CREDITED = """
SELECT document FROM allocations WHERE kind = 'bill' AND document IN (
    SELECT a.document FROM allocations c JOIN allocations a ON a.id = c.takes_from WHERE c.document = $1 AND c.kind = 'credit')
GROUP BY document HAVING sum(amount - taken_back) = 0 ORDER BY document
"""
# An item that is billed as it was rated is worth its quantity at its rate; a part of one, or what has no rate, its amount.
_EXACT = """
SELECT a.line, sum(CASE WHEN a.amount = b.amount AND abs(b.rate * b.quantity - b.amount) < $2 THEN b.rate * b.quantity
                        ELSE a.amount END) AS amount
FROM allocations a JOIN billables b ON b.id = a.billable WHERE a.document = $1 AND a.kind = 'bill' GROUP BY a.line
"""
_TO_ROUND = """
SELECT reference FROM billing_documents d WHERE reference = $1 AND (
    state IN ('proposed', 'held') OR kind = 'credit_memo' AND state = 'released') AND NOT EXISTS (
    SELECT FROM billing_document_lines l WHERE l.document = d.reference AND l.kind = 'rounding') FOR NO KEY UPDATE
"""
_UNPOSTED = (InvoiceState.RELEASED, InvoiceState.DRAFTED)


class Documents:
    """The firm's invoices and credit memos; a state is moved as canonical/invoice.py allows, and each move is in the trail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def propose(
        self, invoice: Invoice, allotments: Sequence[Allotment], *, run: str = "", origin: Origin
    ) -> BillingDocument:
        """An invoice whose lines were grouped outside: all of its items are open, or nothing happens. The same again is known."""
        rows = [(one.billable, one.line, one.amount.amount, one.quantity) for one in allotments]
        head = invoice_head(invoice, run=run, correlation=origin.correlation)
        lines = [line_row(line) for line in invoice.lines]
        with in_business_words(f"Invoice {invoice.reference}"):
            async with self._database.transaction() as connection:
                await connection.fetchval(_PROPOSE, head, lines, *columns(rows, 4))
                await _note(connection, "propose_invoice", invoice.reference, origin, net=str(invoice.net))
        return await self.read(invoice.reference)

    async def read(self, reference: str) -> BillingDocument:
        """One document."""
        row = await self._database.row("SELECT * FROM billing_documents WHERE reference = $1", reference)
        if row is None:
            raise NotFound(f"There is no document {reference}.", remedy="Correct the reference.")
        return document_of(row)

    async def named(self, name: str) -> BillingDocument | None:
        """An invoice by our reference, or by its number in the ERP."""
        row = await self._database.row(
            "SELECT * FROM billing_documents WHERE kind = 'invoice' AND (reference = $1 OR number = $1 AND number <> '')"
            " ORDER BY reference = $1 DESC, created_at DESC LIMIT 1",
            name,
        )
        return document_of(row) if row else None

    async def of(self, contract: str) -> Sequence[BillingDocument]:
        """The documents of a contract, in order of their making."""
        rows = await self._database.rows(
            "SELECT * FROM billing_documents WHERE contract = $1 ORDER BY created_at, reference", contract
        )
        return [document_of(row) for row in rows]

    async def invoice(self, reference: str) -> Invoice:
        """An invoice with its lines; each names at most a hundred of its items."""
        return invoice_of(*await self._with_lines(reference, DocumentKind.INVOICE))

    async def credit_memo(self, reference: str) -> CreditMemo:
        """A credit memo with its lines."""
        return memo_of(*await self._with_lines(reference, DocumentKind.CREDIT_MEMO))

    async def allocations(self, reference: str, *, after: int = 0, limit: int = 10_000) -> Sequence[Allocated]:
        """What stands on an invoice, item by item, a page at a time: what a credit may name."""
        rows = await self._database.rows(_ALLOCATIONS, reference, after, limit)
        return [_allocated(row) for row in rows]

    async def exact(self, reference: str) -> Mapping[int, Money]:
        """What each line of an invoice is worth before its items were rounded."""
        currency = (await self.read(reference)).net.currency
        rows = await self._database.rows(_EXACT, reference, minor_unit(currency))
        return {row["line"]: money(row, "amount", currency) for row in rows}

    async def round(self, reference: str, lines: Sequence[DocumentLine], *, origin: Origin) -> None:
        """Lines that say what a document which is not released yet is rounded by; once for each document."""
        async with self._database.transaction() as connection:
            if await connection.fetchval(_TO_ROUND, reference):
                await connection.execute("SELECT insert_lines($1, $2)", reference, [line_row(line) for line in lines])
                await connection.execute("SELECT total_document($1)", reference)
                by = {f"line {line.number}": str(line.amount) for line in lines}
                await _note(connection, "round_document", reference, origin, **by)

    async def complete(
        self,
        reference: str,
        tax: Money,
        lines: Sequence[LineTerms],
        *,
        rate: FrozenRate | None = None,
        certificate: str = "",
        origin: Origin,
    ) -> BillingDocument:
        """Say the tax, the accounts and the words of a document that is not released yet, and freeze its exchange rate."""
        given = [(one.number, one.description, one.account, one.tax_code, one.tax.amount if one.tax else None) for one in lines]
        frozen = (rate.rate, rate.source, rate.at) if rate else (None, "", None)
        async with self._database.transaction() as connection:
            changed = await connection.fetchval(_COMPLETE, reference, tax.amount, *frozen, certificate)
            if changed is not None:
                await connection.execute(_COMPLETE_LINES, reference, *columns(given, 5))
                exempt = {"exemption_certificate": certificate} if certificate else {}
                await _note(connection, "complete_document", reference, origin, tax=str(tax), **exempt)
        found = await self.read(reference)
        if changed is None:
            require_move(reference, found.state, InvoiceState.PROPOSED)
        return found

    async def move(self, reference: str, state: InvoiceState, *, code: str = "", origin: Origin) -> BillingDocument:
        """To the next state (held: under a code); where it is already, nothing happens. To withdraw is ``withdraw``."""
        async with self._database.transaction() as connection:
            row = await move(connection, reference, state, origin, code=code)
        return document_of(row) if row else await self._already(reference, state)

    async def withdraw(self, reference: str, reason: str, *, origin: Origin) -> BillingDocument:
        """Take back what was not posted: its items are open again, and sub-ledgers have back what it used."""
        with in_business_words(f"Withdrawing {reference}"):
            async with self._database.transaction() as connection:
                row = await move(connection, reference, InvoiceState.WITHDRAWN, origin, reason=reason)
                if row:
                    await connection.execute("SELECT withdraw_document($1, $2)", reference, reason)
        return await self._already(reference, InvoiceState.WITHDRAWN)

    async def posted(self, reference: str, record: DocumentRecord, *, system: str, origin: Origin) -> BillingDocument:
        """What the ERP posted for our request; a credit memo that takes back all of its invoice makes that credited."""
        async with self._database.transaction() as connection:
            row = await move(connection, reference, InvoiceState.POSTED, origin, since=_UNPOSTED, number=record.number)
            if row:  # what comes of it later is told by record_status
                await connection.execute(
                    _RECORD, reference, system, record.target_id, record.number, record.url, record.version, record.posted_on,
                    record.open.amount,
                )  # fmt: skip
            if row and row["kind"] == DocumentKind.CREDIT_MEMO.value:
                for credited in await connection.fetch(_WHOLLY_CREDITED, reference):
                    await move(connection, credited["document"], InvoiceState.CREDITED, origin, memo=reference)
        found = await self.read(reference)
        if found.state in (InvoiceState.PROPOSED, InvoiceState.HELD, InvoiceState.WITHDRAWN):
            require_move(reference, found.state, InvoiceState.POSTED)
        return found

    async def posted_again(self, reference: str, record: DocumentRecord, *, system: str, origin: Origin) -> None:
        """The ERP had lost it and has a new record now; where it stands in our books is unchanged."""
        async with self._database.transaction() as connection:
            await connection.execute(
                _RECORD, reference, system, record.target_id, record.number, record.url, record.version, record.posted_on,
                record.open.amount,
            )  # fmt: skip
            await _note(connection, "document_posted_again", reference, origin, number=record.number)

    async def _already(self, reference: str, state: InvoiceState) -> BillingDocument:
        found = await self.read(reference)
        if found.state is not state:
            require_move(reference, found.state, state)
        return found

    async def _with_lines(self, reference: str, kind: DocumentKind) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                "SELECT * FROM billing_documents WHERE reference = $1 AND kind = $2", reference, kind.value
            )
            if row is None:
                raise NotFound(f"There is no {kind} {reference}.", remedy="Correct the reference.")
            return row, await connection.fetch(_LINES, reference)


async def move(
    connection: Connection, reference: str, state: InvoiceState, origin: Origin, *, code: str = "",
    since: Sequence[InvoiceState] = tuple(InvoiceState), **details: str,
) -> asyncpg.Record | None:  # fmt: skip
    """The move and its entry in the trail; None where no state that allows it was met."""
    before = [now.value for now, then in ALLOWED if then is state and now in since]
    row = await connection.fetchrow(_MOVE, reference, state.value, before, code)
    if row:
        await _note(connection, f"document_{state.value}", reference, origin, **({"code": code} if code else {}), **details)
    return row


async def _note(connection: Connection, action: str, reference: str, origin: Origin, **details: str) -> None:
    entry = Entry(
        action=action, origin=origin, system="handoff", kind="billing_document", source_id=reference, key=f"{action}/{reference}",
        outcome="done", details=details,
    )  # fmt: skip
    await connection.execute("SELECT audit_note($1)", as_json([entry]))


def document_of(row: asyncpg.Record) -> BillingDocument:
    """The document of a row."""
    names = set(BillingDocument.model_fields) - {"net", "tax", "total", "open"}
    amounts = {name: money(row, name) for name in ("net", "tax", "total")}
    return BillingDocument.model_validate({name: row[name] for name in names} | amounts | {"open": money(row, "open_amount")})


def _allocated(row: asyncpg.Record) -> Allocated:
    return Allocated(
        allocation=row["id"],
        billable=row["reference"],
        line=row["line"],
        amount=money(row, "amount"),
        quantity=plain(row["quantity"]),
        left=Money(amount=plain(row["amount"] - row["taken_back"]), currency=row["currency"]),
        left_quantity=plain(row["quantity"] - row["taken_back_quantity"]),
    )
