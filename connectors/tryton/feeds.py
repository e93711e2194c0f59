"""What changed in Tryton, asked for by window, since it sends no events: invoices, credit memos and customer payments."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from canonical.invoice import DocumentRecord
from canonical.money import Money
from canonical.payment import Application, Payment, PaymentState
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.invoices import INVOICE, Invoices
from connectors.tryton.moves import MOVE, Moves
from connectors.tryton.schemas import CompanyShape, InvoiceShape, MoveLineShape, MoveShape, Record
from connectors.tryton.wire import aware, utc

_PAGE = 100
Shape = TypeVar("Shape", bound=Record)


class Feeds:
    """Windows are half open, by the clock of Tryton's database; a page is a hundred records."""

    def __init__(self, database: Database, directory: Directory, invoices: Invoices, moves: Moves) -> None:
        self._database, self._directory, self._invoices, self._moves = database, directory, invoices, moves

    async def documents(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[DocumentRecord]]:
        """A payment changes the invoice it pays, so its new state is among these."""
        for company in await self._directory.companies():
            where: list[object] = [["type", "=", "out"], _changed(since, until)]
            async for page in self._pages(INVOICE, InvoiceShape, where, company):
                yield [self._invoices.record(found) for found in page]

    async def payments(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[Payment]]:
        """Cash entries that a customer's receivable was credited by; a cancelled one is told again as bounced."""
        for company in await self._directory.companies():
            account = self._database.settings.accounts.receivable
            touched = ["OR", _changed(since, until), ["lines", "where", [_changed(since, until)]]]
            of_customers = ["lines", "where", [["account.code", "=", account], ["credit", ">", Decimal(0)]]]
            where: list[object] = [["state", "=", "posted"], ["journal.type", "=", "cash"], of_customers, touched]
            async for page in self._pages(MOVE, MoveShape, where, company):
                yield await self._payments(page, company)

    async def _pages(
        self, model: str, shape: type[Shape], where: list[object], company: CompanyShape
    ) -> AsyncIterator[list[Shape]]:
        """By id, so that what changes meanwhile moves nothing from page to page."""
        last = 0
        while True:
            domain = [["company", "=", company.id], ["id", ">", last], *where]
            page = await self._database.listed(model, shape, domain, company=company.id, limit=_PAGE)
            if not page:
                return
            yield page
            last = page[-1].id

    async def _payments(self, moves: list[MoveShape], company: CompanyShape) -> list[Payment]:
        lines: dict[int, list[MoveLineShape]] = defaultdict(list)
        for line in await self._moves.lines(*(move.id for move in moves), company=company.id):
            lines[line.move].append(line)
        cancelled = await self._cancelled(moves, company)
        entity = await self._directory.entity(company.id)
        numbers = await self._numbers([line for found in lines.values() for line in found], company)
        return [self._payment(move, lines[move.id], numbers, entity, company, cancelled) for move in moves]

    def _payment(
        self,
        move: MoveShape,
        lines: list[MoveLineShape],
        numbers: dict[int, str],
        entity: str,
        company: CompanyShape,
        cancelled: set[str],
    ) -> Payment:
        currency, receivable = company.money.code or "", self._database.settings.accounts.receivable
        owed = [line for line in lines if line.of.code == receivable and line.credit]
        bounced = f"{MOVE},{move.id}" in cancelled
        return Payment(
            system=self._database.system,
            source_id=f"{MOVE},{move.id}",
            source_version=(move.changed or move.created).isoformat(),
            reference=f"PAY-{entity}-{move.id}",
            entity=entity,
            customer=next((line.who.code or "" for line in owed if line.who), ""),
            amount=Money.of(sum((line.credit for line in owed), Decimal(0)), currency),
            received_on=move.date,
            state=PaymentState.BOUNCED if bounced else PaymentState.RECEIVED,
            applications=() if bounced else tuple(_application(line, numbers, currency) for line in owed if line.invoice_payment),
            changed_at=aware(move.changed or move.created),
            memo=move.description or "",
        )

    async def _cancelled(self, moves: list[MoveShape], company: CompanyShape) -> set[str]:
        """Those of these entries of which there is an opposite."""
        origins = [f"{MOVE},{move.id}" for move in moves]
        found = await self._database.find(MOVE, MoveShape, ["origin", "in", origins], company=company.id)
        return {move.origin for move in found if move.origin}

    async def _numbers(self, lines: list[MoveLineShape], company: CompanyShape) -> dict[int, str]:
        ids = sorted({line.invoice_payment for line in lines if line.invoice_payment})
        found = await self._database.find(INVOICE, InvoiceShape, ["id", "in", ids], company=company.id) if ids else []
        return {invoice.id: invoice.number or "" for invoice in found}


def _application(line: MoveLineShape, numbers: dict[int, str], currency: str) -> Application:
    target = line.invoice_payment or 0
    return Application(target_id=str(target), number=numbers.get(target, ""), amount=Money.of(line.credit, currency))


def _changed(since: datetime, until: datetime) -> list[object]:
    """Made or changed in the window; the date of a change is empty until the first one."""
    made, changed = [[[name, ">=", utc(since)], [name, "<", utc(until)]] for name in ("create_date", "write_date")]
    return ["OR", made, changed]
