"""Tryton's own tax set-up as the tax engine of its companies: what a document will bear, and what one that is posted bears."""

from decimal import Decimal

from canonical.errors import Conflict, Misconfigured, MoveRefused, NotFound, Rejected
from canonical.money import Money
from canonical.rules.taxation import rounded_together
from canonical.tax import TaxAnswer, TaxedLine, TaxLine, TaxQuestion
from canonical.written import Written
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.invoices import POSTED, TAX, Invoices
from connectors.tryton.schemas import InvoiceShape, SalesTaxShape, TaxShape

_PERCENTAGE = "percentage"


class Taxes:
    """Satisfies ``Tax``. Tryton keeps no tax document besides the invoice: what is recorded is recorded by its posting."""

    def __init__(self, database: Database, directory: Directory, invoices: Invoices) -> None:
        self._database, self._directory, self._invoices = database, directory, invoices

    async def probe(self, question: TaxQuestion) -> TaxAnswer:
        """By the rates that stand in Tryton, rounded by document and tax as it does; a line without a code bears none."""
        company = await self._directory.company(question.entity)
        told: dict[int, TaxedLine] = {}
        for code in dict.fromkeys(line.tax_code for line in question.lines):
            rate = await self._rate(company.id, code, question) if code else Decimal(0)
            told |= _taxed([line for line in question.lines if line.tax_code == code], rate)
        lines = tuple(told[line.number] for line in question.lines)
        return TaxAnswer(tax=Money.sum((line.tax for line in lines), question.currency), lines=lines)

    async def record(self, question: TaxQuestion) -> Written:
        """The posted document has recorded its tax; one that bears another tax than was asked about is refused."""
        found = await self._posted(question.reference)
        if found is None:
            remedy = "Post it first, then settle with retry: Tryton records the tax of a document by posting it."
            raise NotFound(f"{self._database.system} has no posted document {question.reference}", remedy=remedy)
        asked = (await self.probe(question)).tax
        if abs(found.tax) != asked.amount:
            bears = Money.of(abs(found.tax), found.currency)
            said = f"{found.number} bears {bears} of tax in {self._database.system}, and {question.reference} comes to {asked}"
            raise Conflict(said, evidence={"invoice": found.id, "theirs": found.tax, "ours": asked.amount})
        return self._written(found)

    async def find_recorded(self, reference: str) -> Written | None:
        """By the reference of the document, once it is posted."""
        found = await self._posted(reference)
        return self._written(found) if found else None

    async def read_answer(self, reference: str) -> TaxAnswer:
        """What the posted document bears, a line for each tax."""
        found = await self._posted(reference)
        if found is None:
            remedy = f"Post {reference} first, or look for it in the company that it belongs to."
            raise NotFound(f"{self._database.system} has no posted document {reference}", remedy=remedy)
        rows = await self._database.find(TAX, TaxShape, ["invoice", "=", found.id], company=found.company)
        lines = tuple(_borne(number, row, found) for number, row in enumerate(rows, 1))
        tax = Money.of(abs(found.tax), found.currency)
        return TaxAnswer(target_id=reference, tax=tax, lines=lines, is_committed=True)

    async def void(self, reference: str) -> Written:
        """The tax of a posted document goes with a credit only."""
        found = await self._posted(reference)
        if found is None:
            return Written(target_id=reference, details={"void": "it does not exist"})
        raise MoveRefused(
            f"The tax of {found.number} is posted in {self._database.system} with its document and cannot be taken back alone",
            remedy="To take it back you must credit the document.",
            evidence={"invoice": found.id, "tax": found.tax},
        )

    async def _posted(self, reference: str) -> InvoiceShape | None:
        found = await self._invoices.of_reference(reference)
        return found if found and found.state in POSTED else None

    async def _rate(self, company: int, code: str, question: TaxQuestion) -> Decimal:
        tax = await self._database.read("account.tax", await self._directory.tax(company, code), SalesTaxShape, company=company)
        if tax.type != _PERCENTAGE or tax.rate is None or tax.childs:
            raise Misconfigured(
                f"The tax '{tax.name}' of {self._database.system} is no plain percentage, so its amount cannot be foretold",
                remedy=f"Map {code} to a tax that is a percentage, or route tax to a tax engine in policies/landscape.",
            )
        home, there = question.ship_from.country, question.ship_to.country
        if tax.rate and there != home:
            raise Rejected(
                f"'{tax.name}' is a tax of {home}, and {question.reference} goes to {there}",
                remedy="Give what is sold abroad its own tax code in policies/billing, or route tax to a tax engine, then retry.",
                evidence={"tax": tax.name, "from": home, "to": there},
            )
        return tax.rate

    def _written(self, found: InvoiceShape) -> Written:
        written = self._invoices.written(found)
        return written.changed(details={"tax": str(abs(found.tax)), "certificate": ""})


def _taxed(lines: list[TaxLine], rate: Decimal) -> dict[int, TaxedLine]:
    """Lines of one tax: its amount is rounded once and given out to them."""
    amounts = rounded_together([line.amount * rate for line in lines])
    return {
        line.number: TaxedLine(number=line.number, taxable=line.amount, tax=tax, rate=rate, is_taxable=rate != 0)
        for line, tax in zip(lines, amounts, strict=True)
    }


def _borne(number: int, row: TaxShape, found: InvoiceShape) -> TaxedLine:
    taxable, tax = (Money.of(abs(amount), found.currency) for amount in (row.base, row.amount))
    rate = row.tax.rate if row.tax and row.tax.rate else Decimal(0)
    return TaxedLine(number=number, taxable=taxable, tax=tax, rate=rate, is_taxable=rate != 0)
