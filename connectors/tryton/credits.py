"""What a customer is owed: credit memos, deposits and unapplied payments, and applying them to invoices.

An application is an entry of its own: what is owed is used up on one side, the invoice is paid on the other. Tryton would take
the same one twice, so it bears the pair of both and is looked for first.
"""

from datetime import date
from decimal import Decimal

from canonical.errors import Rejected
from canonical.invoice import CreditMemo
from canonical.money import Money
from canonical.written import Written
from connectors.tryton.customers import CustomerMaster
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.invoices import INVOICE, POSTED, Invoices
from connectors.tryton.moves import MOVE, Entry, Moves, application, credit, debit
from connectors.tryton.schemas import InvoiceShape, MoveLineShape, MoveShape
from connectors.tryton.sources import Source, Sources
from connectors.tryton.wire import identity

_CASH, _GENERAL = "CASH", "MISC"
_NOTHING = Decimal(0)


class Credits:
    """Satisfies the part of ``Receivables`` that gives money back."""

    def __init__(
        self, database: Database, directory: Directory, customers: CustomerMaster, invoices: Invoices, moves: Moves
    ) -> None:
        self._database, self._directory, self._customers = database, directory, customers
        self._invoices, self._moves = invoices, moves
        self._sources = Sources(directory, invoices, moves, database.settings)

    async def post_memo(self, memo: CreditMemo, invoice_id: str) -> Written:
        """Posted, then applied as far as its invoice is open; the rest stays the customer's credit."""
        invoice = await self._invoices.read(invoice_id)
        text = f"Credit for {invoice.number}: {memo.reason}"
        found = await self._invoices.post(memo, invoice.party, text, credited=invoice)
        if not await self._is_applied(found, invoice):
            amount = min(-(found.open or _NOTHING), invoice.open or _NOTHING)
            await self.apply(str(found.id), invoice_id, Money.of(amount, found.currency))
        return self._invoices.written(await self._invoices.read(found.id, found.company))

    async def find_memo(self, reference: str) -> Written | None:
        """Once it is posted, and applied as far as that goes."""
        found = await self._invoices.of_reference(reference)
        if found is None or not found.is_memo or found.state not in POSTED:
            return None
        for credited in found.origins:
            if not await self._is_applied(found, await self._invoices.read(credited, found.company)):
                return None
        return self._invoices.written(found)

    async def _is_applied(self, memo: InvoiceShape, invoice: InvoiceShape) -> bool:
        """Or there is nothing to apply; what is owed in a foreign currency is left to a person, since its rate may differ."""
        if not await self._is_domestic(invoice):
            return True
        if await self._moves.named(application(str(memo.id), str(invoice.id)), invoice.company) is None:
            return not (memo.open and invoice.open)
        return await self.find_application(str(memo.id), str(invoice.id)) is not None

    async def _is_domestic(self, invoice: InvoiceShape) -> bool:
        return any(one.id == invoice.company and one.currency == invoice.money.id for one in await self._directory.companies())

    async def post_deposit(self, reference: str, customer_id: str, amount: Money, on: date) -> Written:
        """Money that came before any invoice: bank against the customer's deposits."""
        party = identity(customer_id)
        entity = await self._customers.entity(party)
        company = await self._directory.company(entity)
        _require_currency(amount, company.money.code or "", entity)
        accounts = self._database.settings.accounts
        lines = [
            debit(await self._directory.account(company.id, accounts.bank), amount.amount),
            credit(await self._directory.account(company.id, accounts.deposit), amount.amount, party=party),
        ]
        journal = await self._directory.journal(_CASH)
        return self._written(await self._moves.post(Entry(reference, entity, company.id, journal, on, lines)))

    async def find_deposit(self, reference: str) -> Written | None:
        """By its description, once it is posted."""
        for company in await self._directory.companies():
            found = await self._moves.named(reference, company.id)
            if found and found.state == "posted":
                return self._written(found)
        return None

    async def apply(self, source_id: str, invoice_id: str, amount: Money, *, across: bool = False) -> Written:
        """Use up so much of what the customer is owed for this invoice, which is another's only where that was agreed."""
        invoice = await self._invoices.read(invoice_id)
        found = await self._moves.named(application(source_id, invoice_id), invoice.company)
        if found is None or found.state != "posted":
            found = await self._applied(source_id, invoice, amount, across=across)
        await self._linked(found, source_id, invoice)
        return self._written(found)

    async def find_application(self, source_id: str, invoice_id: str) -> Written | None:
        """Once the invoice shows it as paid."""
        invoice = await self._invoices.read(invoice_id)
        found = await self._moves.named(application(source_id, invoice_id), invoice.company)
        if found is None or found.state != "posted" or _awaits_matching(invoice):
            return None
        lines = await self._moves.lines(found.id, company=invoice.company)
        return self._written(found) if any(line.invoice_payment == invoice.id for line in lines) else None

    async def _applied(self, source_id: str, invoice: InvoiceShape, amount: Money, *, across: bool) -> MoveShape:
        if not await self._is_domestic(invoice):
            remedy = "Match both in Tryton, which books the difference of the rates."
            raise Rejected(
                f"Invoice {invoice.number} is in {invoice.currency}: nothing is applied to it from here", remedy=remedy
            )
        source = await self._sources.read(source_id)
        _require_room(source, invoice, amount, across=across)
        entity = await self._directory.entity(invoice.company)
        lines = [
            debit(source.account, amount.amount, party=source.party),
            credit(invoice.account, amount.amount, party=invoice.party),
        ]
        on = max(source.on, invoice.accounting_date or invoice.invoice_date or source.on)
        journal = await self._directory.journal(_GENERAL)
        entry = Entry(application(source_id, str(invoice.id)), entity, invoice.company, journal, on, lines)
        return await self._moves.post(entry)

    async def _linked(self, move: MoveShape, source_id: str, invoice: InvoiceShape) -> None:
        """Tell both documents of it; what comes to nothing then is matched, which makes a document paid."""
        lines = await self._moves.lines(move.id, company=move.company)
        await self._paid_by(invoice, [line for line in lines if line.credit])
        if not source_id.startswith(MOVE):
            memo = await self._invoices.read(source_id, move.company)
            await self._paid_by(memo, [line for line in lines if line.debit])

    async def _paid_by(self, document: InvoiceShape, lines: list[MoveLineShape]) -> None:
        missing = [line.id for line in lines if line.invoice_payment is None]
        if missing:
            await self._database.write(INVOICE, document.id, {"payment_lines": [["add", missing]]}, company=document.company)
        now = await self._invoices.read(document.id, document.company)
        if _awaits_matching(now):
            open_lines = await self._moves.postings([*now.payment_lines, *now.lines_to_pay], company=now.company)
            await self._moves.reconcile([line.id for line in open_lines if line.reconciliation is None], company=now.company)

    def _written(self, move: MoveShape) -> Written:
        return Written(target_id=f"{MOVE},{move.id}", number=move.number or "", url=self._database.page(MOVE, move.id))


def _awaits_matching(*documents: InvoiceShape) -> bool:
    """Nothing is open and Tryton does not call it paid yet: an interrupted call left its postings unmatched."""
    return any(document.state == "posted" and not document.open for document in documents)


def _require_currency(amount: Money, currency: str, entity: str) -> None:
    if amount.currency != currency:
        remedy = f"Post it in {currency} at the recorded rate."
        raise Rejected(f"{amount} cannot be posted: {entity} keeps its books in {currency}", remedy=remedy)


def _require_room(source: Source, invoice: InvoiceShape, amount: Money, *, across: bool) -> None:
    is_theirs = across or source.party == invoice.party
    if not is_theirs or source.currency != invoice.currency or amount.currency != invoice.currency:
        raise Rejected(
            f"{amount} of {source.name} cannot be applied to invoice {invoice.number}: customer or currency differ",
            remedy="Apply it to an invoice of the same customer and currency.",
            evidence={"source": source.name, "invoice": invoice.id},
        )
    if amount.amount > source.left or amount.amount > (invoice.open or 0):
        raise Rejected(
            f"{amount} cannot be applied: {source.left} is left of {source.name}, {invoice.open} is open on {invoice.number}",
            remedy="Apply no more than is left of the one and open on the other.",
            evidence={"left": source.left, "open": invoice.open},
        )
