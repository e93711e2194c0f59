"""Exchange rates: Tryton converts by its own table, so a document is posted only where that comes to the rate we froze."""

from datetime import date
from decimal import Decimal

from canonical.errors import Rejected
from canonical.invoice import CreditMemo, Invoice
from canonical.money import Money
from connectors.tryton.database import Database
from connectors.tryton.schemas import CompanyShape, RateShape


class Rates:
    """Compared to the cent of what is posted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require_ours(self, document: Invoice | CreditMemo, company: CompanyShape) -> None:
        """Refuse a document that Tryton would book at another rate than ours."""
        books = company.money.code or ""
        if document.exchange_rate is None or document.currency == books:
            return
        on = document.invoice_date if isinstance(document, Invoice) else document.memo_date
        theirs = await self._on(books, on) / await self._on(document.currency, on)
        amount = document.total.amount
        booked, frozen = (Money.of(amount * rate, books).rounded() for rate in (theirs, document.exchange_rate))
        if booked != frozen:
            raise Rejected(
                f"{self._database.system} would book {document.total} as {booked}; at our rate it is {frozen}",
                remedy=f"Enter our rate of {document.currency} for {on} in Tryton, then settle the exception with retry.",
                evidence={"ours": document.exchange_rate, "theirs": theirs, "reference": document.reference},
            )

    async def _on(self, currency: str, on: date) -> Decimal:
        """Units of a currency for one of Tryton's base currency, by the last rate up to that day."""
        rows = await self._database.find(
            "currency.currency.rate", RateShape, ["currency.code", "=", currency], ["date", "<=", on]
        )
        if not rows:
            remedy = f"Enter a rate of {currency} in Tryton, then settle the exception with retry."
            raise Rejected(f"{self._database.system} has no rate of {currency} on {on}", remedy=remedy)
        return max(rows, key=lambda row: row.on).rate
