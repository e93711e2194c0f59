"""What can be applied to an invoice, and how much of it is left: a credit memo, a deposit, a payment that was more than owed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from canonical.errors import NotFound
from connectors.tryton.directory import Directory
from connectors.tryton.invoices import Invoices
from connectors.tryton.moves import MOVE, Moves
from connectors.tryton.schemas import MoveLineShape
from connectors.tryton.settings import Settings


@dataclass(frozen=True)
class Source:
    """So much is left of it, owed to this party, on this account."""

    name: str
    account: int
    party: int
    currency: str
    left: Decimal
    on: date


class Sources:
    """Reads each kind."""

    def __init__(self, directory: Directory, invoices: Invoices, moves: Moves, settings: Settings) -> None:
        self._directory, self._invoices, self._moves, self._settings = directory, invoices, moves, settings

    async def read(self, source_id: str) -> Source:
        """``account.move,7`` is a deposit or a payment, a bare id a credit memo."""
        return await (self._entry(source_id) if source_id.startswith(f"{MOVE},") else self._memo(source_id))

    async def _memo(self, source_id: str) -> Source:
        memo = await self._invoices.read(source_id)
        on = memo.accounting_date or memo.invoice_date
        if not memo.is_memo or on is None:
            raise NotFound(f"Document {memo.number or source_id} is no credit memo", remedy="Name a posted credit memo.")
        return Source(memo.number or source_id, memo.account, memo.party, memo.currency, -(memo.open or Decimal(0)), on)

    async def _entry(self, source_id: str) -> Source:
        """The customer's side of the entry, less what was applied of it."""
        move = await self._moves.read(source_id)
        lines = [line for line in await self._moves.lines(move.id, company=move.company) if self._is_owed(line)]
        if not lines or lines[0].party is None:
            remedy = "Name a deposit, or a payment of which something is left."
            raise NotFound(f"Entry {move.number or source_id} leaves the customer nothing", remedy=remedy)
        used = await self._used(source_id, lines[0], move.company)
        total = sum((line.credit - line.debit for line in lines), Decimal(0))
        currency = {known.id: known.money.code or "" for known in await self._directory.companies()}[move.company]
        return Source(move.number or source_id, lines[0].account, lines[0].party, currency, total - used, move.date)

    def _is_owed(self, line: MoveLineShape) -> bool:
        """A deposit, or what a payment brought beyond its invoice."""
        accounts = self._settings.accounts
        is_free = line.of.code == accounts.receivable and line.invoice_payment is None and line.reconciliation is None
        return line.credit > 0 and (line.of.code == accounts.deposit or is_free)

    async def _used(self, source_id: str, owed: MoveLineShape, company: int) -> Decimal:
        moves = await self._moves.applications_of(source_id, company)
        lines = await self._moves.lines(*(move.id for move in moves), company=company) if moves else []
        return sum((line.debit for line in lines if line.account == owed.account), Decimal(0))
