"""What changed in Tryton, asked for by window, since it sends no events: invoices, credit memos and customer payments."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal

from canonical.invoice import DocumentRecord
from canonical.payment import Payment
from canonical.period import Period
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.invoices import INVOICE, Invoices
from connectors.tryton.moves import MOVE, Moves
from connectors.tryton.receipts import Receipts
from connectors.tryton.schemas import CompanyShape, InvoiceShape, MoveShape
from connectors.tryton.wire import Domain, utc

_PAGE = 100


class Feeds:
    """Windows are half open, by the clock of Tryton's database; a page is a hundred records."""

    def __init__(self, database: Database, directory: Directory, invoices: Invoices, moves: Moves) -> None:
        self._database, self._directory, self._invoices, self._moves = database, directory, invoices, moves
        self._receipts = Receipts(database, directory, moves)

    async def documents(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[DocumentRecord]]:
        """What pays an invoice changes it or, where it is matched or cancelled later, only its own postings."""
        touched = ["OR", _changed(since, until), ["payment_lines", "where", [_changed(since, until)]]]
        for company in await self._directory.companies():
            where = [["company", "=", company.id], ["type", "=", "out"], touched]
            async for page in self._database.pages(INVOICE, InvoiceShape, where, company=company.id, size=_PAGE):
                yield [self._invoices.record(found) for found in page]

    async def payments(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[Payment]]:
        """Cash entries that a customer's receivable was credited by; a cancelled one is told again as bounced, one that was
        applied from here as applied."""
        for company in await self._directory.companies():
            sources = await self._moves.sources_applied(_changed(since, until), company.id)
            touched = ["OR", _changed(since, until), ["lines", "where", [_changed(since, until)]], ["id", "in", sources]]
            where = [*self._of_customers(company, self._database.settings.accounts.receivable), touched]
            async for page in self._database.pages(MOVE, MoveShape, where, company=company.id, size=_PAGE):
                yield await self._receipts.told(page, company)

    async def received(self, company: CompanyShape, days: Period) -> AsyncIterator[Sequence[Payment]]:
        """Everything that came in on these days, deposits that were entered from here among it."""
        accounts = self._database.settings.accounts
        ours = [*self._of_customers(company, accounts.deposit), ["create_uid.login", "=", self._database.settings.login]]
        kinds = ["OR", self._of_customers(company, accounts.receivable), ours]
        where = [kinds, ["date", ">=", days.start], ["date", "<=", days.last]]
        async for page in self._database.pages(MOVE, MoveShape, where, company=company.id, size=_PAGE):
            yield await self._receipts.told(page, company)

    @staticmethod
    def _of_customers(company: CompanyShape, account: str) -> Domain:
        credited = ["lines", "where", [["account.code", "=", account], ["credit", ">", Decimal(0)]]]
        return [["company", "=", company.id], ["state", "=", "posted"], ["journal.type", "=", "cash"], credited]


def _changed(since: datetime, until: datetime) -> list[object]:
    """Made or changed in the window; the date of a change is empty until the first one."""
    made, changed = [[[name, ">=", utc(since)], [name, "<", utc(until)]] for name in ("create_date", "write_date")]
    return ["OR", made, changed]
