"""Customer invoices: drafted, compared with our amounts to the cent, posted; and read as they stand now."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from canonical.errors import Conflict, MoveRefused, PeriodIsClosed, Rejected
from canonical.invoice import CreditMemo, DocumentLine, DocumentRecord, Invoice
from canonical.money import Money
from canonical.written import Written
from connectors.tryton.customers import CustomerMaster
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory, analytic_entries
from connectors.tryton.mapping import commercial, document_record, line_values
from connectors.tryton.periods import Periods
from connectors.tryton.rates import Rates
from connectors.tryton.schemas import CompanyShape, InvoiceLineShape, InvoiceShape, TaxShape
from connectors.tryton.wire import Values, identity, new

INVOICE, LINE, TAX = "account.invoice", "account.invoice.line", "account.invoice.tax"
POSTED = {"posted", "paid"}
# What we mean although Tryton asks: dates that our policy chose, taxes that our engine chose, and VAT numbers that we checked.
_MEANT = ("invoice_date_future", "invoice_payment_term", "invoice_taxes", "account.invoice eu_vat valid")


class Invoices:
    """Both invoices and credit memos, which in Tryton are one thing with either sign."""

    def __init__(self, database: Database, directory: Directory, customers: CustomerMaster, periods: Periods) -> None:
        self._database, self._directory, self._customers, self._periods = database, directory, customers, periods
        self._rates = Rates(database)

    async def post(
        self, document: Invoice | CreditMemo, party: int, text: str, *, credited: InvoiceShape | None = None
    ) -> InvoiceShape:
        """Created and posted; a draft that an interrupted call left is gone on with, one that is posted is left as it is."""
        company = await self._directory.company(document.entity)
        found = await self.of_reference(document.reference, company.id)
        if found is None:
            await self._require_open(document.entity, document.accounting_date)
            await self._rates.require_ours(document, company)
            values = await self._values(document, company, party, text)
            if credited:
                await self._name_credited(values, credited)
            found = await self.read(await self._database.create(INVOICE, values, company=company.id), company.id)
        elif not self._is_ours(found, document, party):
            said = f"{self._database.system} has another document {document.reference} already"
            raise Conflict(said, evidence={"invoice": found.id, "number": found.number, "total": found.total})
        if found.state not in POSTED:
            await self._round_taxes(found)
            await self._require_same(await self.read(found.id, company.id), document)
            await self._posted(found)
        return await self.read(found.id, company.id)

    async def of_reference(self, reference: str, company: int | None = None) -> InvoiceShape | None:
        """The document of that reference, whatever its state but cancelled; of several the first, which reconciliation tells."""
        where = [["reference", "=", reference], ["type", "=", "out"], ["state", "!=", "cancelled"]]
        companies = [company] if company else [known.id for known in await self._directory.companies()]
        for one in companies:
            found = await self._database.find(INVOICE, InvoiceShape, *where, ["company", "=", one], company=one)
            if found:
                return found[0]
        return None

    async def read(self, invoice: int | str, company: int | None = None) -> InvoiceShape:
        """As it is now."""
        return await self._database.read(INVOICE, invoice, InvoiceShape, company=company)

    async def withdraw(self, target_id: str, reason: str) -> Written:
        """Delete a draft; Tryton has given it no number yet. One that is gone counts as withdrawn."""
        found = await self._database.find(INVOICE, InvoiceShape, ["id", "=", identity(target_id)])
        if not found:
            return Written(target_id=target_id, details={"withdrawn": "it does not exist"})
        if found[0].state in POSTED:
            raise MoveRefused(
                f"Invoice {found[0].number} is posted in {self._database.system} and cannot be taken back",
                remedy="To take back what was posted you must credit it.",
                evidence={"invoice": target_id, "state": found[0].state},
            )
        await self._database.delete(INVOICE, found[0].id, company=found[0].company)
        return Written(target_id=target_id, details={"withdrawn": reason})

    def record(self, found: InvoiceShape) -> DocumentRecord:
        """In our words."""
        return document_record(found, url=self._database.page(INVOICE, found.id))

    def written(self, found: InvoiceShape) -> Written:
        """What a write left behind."""
        return Written(
            target_id=str(found.id),
            number=found.number or "",
            url=self._database.page(INVOICE, found.id),
            details={"tax": str(abs(found.tax)), "total": str(abs(found.total)), "move": f"account.move,{found.move}"},
        )

    def _is_ours(self, found: InvoiceShape, document: Invoice | CreditMemo, party: int) -> bool:
        """Our own user made it for this customer and, once it is posted, over these amounts. The key is not written into it,
        because every text of an invoice is printed for the customer."""
        is_same = found.state not in POSTED or _amounts(found) == _asked(document)
        return found.maker == self._database.settings.login and found.party == party and is_same

    async def _values(self, document: Invoice | CreditMemo, company: CompanyShape, party: int, text: str) -> Values:
        currency = await self._directory.currency(document.currency)
        lines = [await self._line(line, document, company.id, currency) for line in document.lines]
        values: Values = {
            "type": "out",
            "company": company.id,
            "party": party,
            "invoice_address": await self._customers.bill_to(party),
            "currency": currency,
            "journal": await self._directory.journal("REV"),
            "account": await self._directory.account(company.id, self._database.settings.accounts.receivable),
            "reference": document.reference,
            "description": text,
            "comment": document.memo if isinstance(document, Invoice) else document.reason,
            "accounting_date": document.accounting_date,
            "lines": new(*lines),
        }
        if isinstance(document, CreditMemo):
            return {**values, "invoice_date": document.memo_date, "payment_term_date": document.memo_date}
        return {**values, "invoice_date": document.invoice_date, "payment_term_date": document.due_date or document.invoice_date}

    async def _line(self, line: DocumentLine, document: Invoice | CreditMemo, company: int, currency: int) -> Values:
        taxes = [await self._directory.tax(company, line.tax_code)] if line.tax_code else []
        values = line_values(
            line,
            account=await self._directory.account(company, line.account),
            taxes=taxes,
            currency=currency,
            company=company,
            gives_back=isinstance(document, CreditMemo),
        )
        entries = analytic_entries(await self._directory.analytic(company, line.dimensions))
        return {**values, "analytic_accounts": entries} if entries else values

    async def _name_credited(self, values: Values, credited: InvoiceShape) -> None:
        """Each line of a credit leads to a line of its invoice, of the same account where there is one."""
        lines = await self._database.find(LINE, InvoiceLineShape, ["invoice", "=", credited.id], company=credited.company)
        by_account = {line.account: line.id for line in reversed(lines)}
        for line in values["lines"][0][1]:
            line["origin"] = f"{LINE},{by_account.get(line['account'], lines[0].id)}"

    async def _require_open(self, entity: str, on: date) -> None:
        if not await self._periods.is_open(entity, on):
            raise PeriodIsClosed(
                f"{self._database.system}: no accounting period of {entity} is open on {on}",
                evidence={"entity": entity, "date": on},
            )

    async def _round_taxes(self, found: InvoiceShape) -> None:
        for tax in await self._database.find(TAX, TaxShape, ["invoice", "=", found.id], company=found.company):
            base, theirs = Money.of(tax.base, found.currency), Money.of(tax.amount, found.currency)
            ours = commercial(base, tax.tax.rate, theirs) if tax.tax and tax.tax.rate else theirs
            if ours != theirs:
                await self._database.write(TAX, tax.id, {"amount": ours.amount}, company=found.company)

    async def _require_same(self, found: InvoiceShape, document: Invoice | CreditMemo) -> None:
        """Tryton adds up and taxes by itself; what comes out otherwise than we asked is not posted."""
        theirs, ours = _amounts(found), _asked(document)
        if theirs == ours:
            return
        await self._database.delete(INVOICE, found.id, company=found.company)
        raise Rejected(
            f"{self._database.system} comes to {_told(theirs, found.currency)} for {document.reference}, we asked for "
            f"{_told(ours, document.currency)}; nothing was posted",
            remedy="Correct the rate of the tax in Tryton, or the tax code in policies/billing, then settle with retry.",
            evidence={"ours": ours, "theirs": theirs, "reference": document.reference},
        )

    async def _posted(self, found: InvoiceShape) -> None:
        try:
            await self._database.press(INVOICE, "post", found.id, company=found.company, meant=_MEANT)
        except Rejected:
            if (await self.read(found.id, found.company)).state not in POSTED:  # it refuses what is posted already
                await self._database.delete(INVOICE, found.id, company=found.company)
                raise


def _amounts(found: InvoiceShape) -> tuple[Decimal, ...]:
    return tuple(abs(amount) for amount in (found.net, found.tax, found.total))


def _asked(document: Invoice | CreditMemo) -> tuple[Decimal, ...]:
    return tuple(money.amount for money in (document.net, document.tax, document.total))


def _told(amounts: Sequence[Decimal], currency: str) -> str:
    net, tax, total = (Money.of(amount, currency) for amount in amounts)
    return f"{net} net, {tax} tax, {total} in all"
