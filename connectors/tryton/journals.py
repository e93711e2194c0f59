"""The general ledger: journals of ours, their opposites, and what a document posted."""

from collections.abc import Sequence
from datetime import date

from canonical.errors import Rejected
from canonical.journal import Journal, JournalLine, JournalRecord
from canonical.money import Money
from canonical.written import Written
from connectors.tryton.customers import CustomerMaster
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.invoices import INVOICE
from connectors.tryton.moves import APPLIED, MOVE, Entry, Moves, credit, debit
from connectors.tryton.schemas import CompanyShape, InvoiceShape, MoveLineShape, MoveShape
from connectors.tryton.wire import Values, new

GENERAL = "MISC"


class Journals:
    """Satisfies ``GeneralLedger`` but for its periods."""

    def __init__(self, database: Database, directory: Directory, customers: CustomerMaster, moves: Moves) -> None:
        self._database, self._directory, self._customers, self._moves = database, directory, customers, moves

    async def post(self, journal: Journal) -> Written:
        """Posted under its reference; the opposite of one that reverses is posted with it."""
        company = await self._directory.company(journal.entity)
        if journal.currency != company.money.code:
            raise Rejected(
                f"Journal {journal.reference} is in {journal.currency}; {journal.entity} keeps its books in {company.money.code}",
                remedy=f"Post it in {company.money.code} at the recorded rate.",
                evidence={"journal": journal.reference},
            )
        lines = [await self._line(line, journal, company) for line in journal.lines]
        number = await self._directory.journal(GENERAL)
        posted = await self._moves.post(
            Entry(journal.reference, journal.entity, company.id, number, journal.accounting_date, lines)
        )
        if journal.reverses_on is not None:
            await self.reverse(f"{MOVE},{posted.id}", journal.reverses_on)
        return self._written(posted)

    async def find(self, reference: str) -> Written | None:
        """By its description, once it is posted."""
        for company in await self._directory.companies():
            found = await self._moves.named(reference, company.id)
            if found and found.state == "posted":
                return self._written(found)
        return None

    async def reverse(self, target_id: str, on: date) -> Written:
        """The opposite on that day; one that is there already is left as it is."""
        original = await self._moves.read(target_id)
        entity = await self._directory.entity(original.company)
        lines = [_opposite(line) for line in await self._moves.lines(original.id, company=original.company)]
        name, journal = f"{original.description} reversed", await self._directory.journal(GENERAL)
        origin = f"{MOVE},{original.id}"
        return self._written(await self._moves.post(Entry(name, entity, original.company, journal, on, lines, origin)))

    async def of_document(self, document_id: str) -> Sequence[JournalRecord]:
        """What an invoice or credit memo posted; of an entry's own id the entry and its opposites."""
        if document_id.startswith(f"{MOVE},"):
            move = await self._moves.read(document_id)
            opposites = await self._moves.of_origin(document_id, move.company)
            return [await self._of_entry(one) for one in (move, *opposites) if one.state == "posted"]
        invoice = await self._database.read(INVOICE, document_id, InvoiceShape)
        if invoice.move is None:
            return []
        return [await self._record(await self._moves.read(invoice.move, invoice.company), document=document_id)]

    async def _line(self, line: JournalLine, journal: Journal, company: CompanyShape) -> Values:
        account = await self._directory.account(company.id, line.account)
        party = await self._customers.party(line.customer, journal.entity) if line.customer else None
        side = debit if line.debit else credit
        amount = line.debit or line.credit
        values = side(account, amount.amount, party=party) if amount else {}
        pairs = await self._directory.analytic(company.id, line.dimensions)
        if pairs:
            sides = {"debit": values["debit"], "credit": values["credit"], "date": journal.accounting_date}
            values["analytic_lines"] = new(*({"account": value, **sides} for _, value in pairs))
        return {**values, "description": line.memo}

    async def _of_entry(self, move: MoveShape) -> JournalRecord:
        """Money that came or was applied is a document of its own; what reverses an entry has no reference of its own."""
        is_opposite = (move.origin or "").startswith(f"{MOVE},")
        is_document = move.code != GENERAL or (move.description or "").startswith(APPLIED)
        record = await self._record(move, document=f"{MOVE},{move.id}" if is_document else "")
        return record.changed(reference="") if is_opposite else record

    async def _record(self, move: MoveShape, *, document: str) -> JournalRecord:
        """Of an invoice over nothing Tryton posts nothing to the receivable, in a line of its own."""
        lines = await self._moves.lines(move.id, company=move.company)
        known = {company.id: company.money.code or "" for company in await self._directory.companies()}
        return JournalRecord(
            target_id=f"{MOVE},{move.id}",
            number=move.number or "",
            reference=move.description or "",
            entity=await self._directory.entity(move.company),
            posted_on=move.date,
            document=document,
            lines=tuple(_posting(line, known[move.company]) for line in lines if line.debit != line.credit),
        )

    def _written(self, move: MoveShape) -> Written:
        return Written(target_id=f"{MOVE},{move.id}", number=move.number or "", url=self._database.page(MOVE, move.id))


def _posting(line: MoveLineShape, currency: str) -> JournalLine:
    is_debit = line.debit > line.credit
    amount = Money.of(abs(line.debit - line.credit), currency)
    return JournalLine(
        account=line.of.code or "",
        debit=amount if is_debit else None,
        credit=None if is_debit else amount,
        memo=line.description or "",
        customer=(line.who.code or "") if line.who else "",
    )


def _opposite(line: MoveLineShape) -> Values:
    side = credit if line.debit else debit
    return side(line.account, line.debit or line.credit, party=line.party)
