"""Money that came from customers: cash entries of Tryton as payments, with what is applied of them, wherever that was done."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from canonical.money import Money
from canonical.payment import Application, Payment, PaymentState
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.invoices import INVOICE
from connectors.tryton.moves import MOVE, Moves
from connectors.tryton.schemas import CompanyShape, InvoiceShape, MoveLineShape, MoveShape
from connectors.tryton.wire import aware


@dataclass(frozen=True)
class Receipt:
    """A cash entry: what it credited customers with, and the postings by which it was applied later."""

    move: MoveShape
    owed: Sequence[MoveLineShape]
    later: Sequence[MoveLineShape]
    is_cancelled: bool

    @property
    def applied(self) -> list[MoveLineShape]:
        """Every posting that pays an invoice with it; none of an entry that was cancelled."""
        lines = [*self.owed, *self.later]
        return [] if self.is_cancelled else [line for line in lines if line.invoice_payment]

    @property
    def version(self) -> str:
        """When any of it changed last."""
        moments = [self.move.created, self.move.changed, *(line.changed for line in (*self.owed, *self.later))]
        return max(moment for moment in moments if moment).isoformat()


class Receipts:
    """A page of entries at a time."""

    def __init__(self, database: Database, directory: Directory, moves: Moves) -> None:
        self._database, self._directory, self._moves = database, directory, moves

    async def told(self, moves: Sequence[MoveShape], company: CompanyShape) -> list[Payment]:
        """These entries as payments."""
        found = await self._receipts(moves, company)
        numbers = await self._numbers([line for one in found for line in one.applied], company)
        entity = await self._directory.entity(company.id)
        return [self._payment(one, numbers, entity, company.money.code or "") for one in found]

    async def _receipts(self, moves: Sequence[MoveShape], company: CompanyShape) -> list[Receipt]:
        owed = defaultdict[int, list[MoveLineShape]](list)
        for line in await self._moves.lines(*(move.id for move in moves), company=company.id):
            if self._is_owed(line):
                owed[line.move].append(line)
        free = [move.id for move in moves if any(line.invoice_payment is None for line in owed[move.id])]
        later = await self._applied_later(free, company)
        cancelled = await self._cancelled(moves, company)
        return [Receipt(move, owed[move.id], later.get(move.id, []), move.id in cancelled) for move in moves]

    def _is_owed(self, line: MoveLineShape) -> bool:
        """What the customer is credited with: paid for invoices, or in advance."""
        accounts = self._database.settings.accounts
        return line.credit > 0 and line.of.code in {accounts.receivable, accounts.deposit}

    async def _applied_later(self, moves: Sequence[int], company: CompanyShape) -> dict[int, list[MoveLineShape]]:
        """By entries of their own, which bear the names of both."""
        sources = {f"{MOVE},{move}": move for move in moves}
        entries = await self._moves.applying(list(sources), company.id)
        lines = await self._moves.lines(*entries, company=company.id) if entries else []
        found: dict[int, list[MoveLineShape]] = {}
        for line in lines:
            if line.credit > 0 and line.invoice_payment:
                found.setdefault(sources[entries[line.move]], []).append(line)
        return found

    async def _cancelled(self, moves: Sequence[MoveShape], company: CompanyShape) -> set[int]:
        """Those of these entries of which there is an opposite."""
        origins = {f"{MOVE},{move.id}": move.id for move in moves}
        found = await self._database.find(MOVE, MoveShape, ["origin", "in", list(origins)], company=company.id)
        return {origins[move.origin] for move in found if move.origin}

    async def _numbers(self, lines: Sequence[MoveLineShape], company: CompanyShape) -> dict[int, str]:
        ids = sorted({line.invoice_payment for line in lines if line.invoice_payment})
        found = await self._database.find(INVOICE, InvoiceShape, ["id", "in", ids], company=company.id) if ids else []
        return {invoice.id: invoice.number or "" for invoice in found}

    def _payment(self, one: Receipt, numbers: Mapping[int, str], entity: str, currency: str) -> Payment:
        move = one.move
        amounts = [_amount(line, currency) for line in one.owed]
        return Payment(
            system=self._database.system,
            source_id=f"{MOVE},{move.id}",
            source_version=one.version,
            reference=f"PAY-{entity}-{move.id}",
            entity=entity,
            customer=next((line.who.code or "" for line in one.owed if line.who), ""),
            amount=Money.sum(amounts, amounts[0].currency if amounts else currency),
            received_on=move.date,
            state=PaymentState.BOUNCED if one.is_cancelled else PaymentState.RECEIVED,
            applications=tuple(_application(line, numbers, currency) for line in one.applied),
            changed_at=aware(move.changed or move.created),
            memo=move.description or "",
        )


def _application(line: MoveLineShape, numbers: Mapping[int, str], currency: str) -> Application:
    target = line.invoice_payment or 0
    return Application(target_id=str(target), number=numbers.get(target, ""), amount=_amount(line, currency))


def _amount(line: MoveLineShape, currency: str) -> Money:
    """In the currency in which it was paid, which may be another than that of the books."""
    if line.second_amount is not None and line.second_money is not None:
        return Money.of(abs(line.second_amount), line.second_money.code or currency)
    return Money.of(line.credit, currency)
