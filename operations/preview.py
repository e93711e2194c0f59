"""The dry run of billing: what a run would bill through a day, on which order, and what would wait; it touches nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from pydantic import BaseModel

from activities.contract_of_record import ContractsOfRecord
from canonical.billable import Billable
from canonical.billing_view import BacklogRow, ItemState
from canonical.money import Money
from canonical.rules.eligibility import scheduled_items
from canonical.sub_ledger import SubLedger, SubLedgerKind
from ledger.books import Books


class PreviewedDocument(BaseModel):
    """One invoice as it would be made; ``drawn`` is what its retainers would pay, ``waits`` what its order has no room for."""

    purchase_order: str = ""
    items: int
    net: Money
    drawn: Money
    waits: Money


class Preview(BaseModel):
    """What a run would make, before tax and rounding; ``held`` waits for people, ``pending`` for approvals: neither is billed."""

    contract: str
    through: date
    documents: list[PreviewedDocument]
    not_entered: int
    held: list[BacklogRow]
    pending: list[BacklogRow]


@dataclass
class Room:
    """What is left under caps and purchase orders and in retainers, while one document after the other takes of it."""

    accounts: dict[tuple[SubLedgerKind, str], SubLedger]

    @classmethod
    def under(cls, accounts: Sequence[SubLedger]) -> Self:
        """As the ledger holds it now."""
        return cls({(one.kind, one.name): one for one in accounts})

    def fits(self, kind: SubLedgerKind, name: str, amount: Money) -> Money:
        """All of it within the tolerance, else up to the ceiling: as a run cuts it (S14)."""
        account = self.accounts.get((kind, name))
        if account is None or account.ceiling is None:
            return amount
        zero = Money.zero(amount.currency)
        used = account.balance or zero
        if used + amount <= account.ceiling + (account.tolerance or zero):
            return amount
        return min(amount, max(account.ceiling - used, zero))

    def use(self, kind: SubLedgerKind, name: str, amount: Money) -> None:
        """So much of it is used by a document."""
        if account := self.accounts.get((kind, name)):
            self.accounts[kind, name] = account.changed(balance=(account.balance or Money.zero(amount.currency)) + amount)

    def retainers(self) -> list[str]:
        """Those that hold money."""
        return [name for (kind, name), one in self.accounts.items() if kind is SubLedgerKind.RETAINER and one.balance]

    def drawn(self, name: str, wanted: Money) -> Money:
        """As much of it as the retainer holds."""
        account = self.accounts[SubLedgerKind.RETAINER, name]
        held, zero = account.balance or Money.zero(wanted.currency), Money.zero(wanted.currency)
        taken = min(max(wanted, zero), held)
        self.accounts[SubLedgerKind.RETAINER, name] = account.changed(balance=held - taken)
        return taken


async def preview(books: Books, contract: str, through: date, used: Sequence[Billable] = ()) -> Preview:
    """Reads the contract, what is open of it, what the calendar and meters would enter, and the room under its limits."""
    record = await ContractsOfRecord(books.dossiers, books.engagements).read(contract)
    due = [*scheduled_items(record.contract, record.schedule, through, record.project.dimensions), *used]
    known = {state.item.reference for state in await books.billing.billables.read([one.reference for one in due])}
    coming = [one for one in due if one.reference not in known]
    kept = await books.billing.billables.open_of(contract)
    open_now = [(state.item, _left(state)) for state in kept if state.item.service.start <= through]
    accounts = await books.billing.sub_ledgers.of(contract)
    waiting = await books.billing.traces.backlog(contract=contract)
    return Preview(
        contract=contract,
        through=through,
        documents=documents([*open_now, *((one, one.amount) for one in coming)], accounts),
        not_entered=len(coming),
        held=[row for row in waiting if row.state in {"held", "frozen"}],
        pending=[row for row in waiting if row.state == "pending_approval"],
    )


def _left(state: ItemState) -> Money:
    balance = state.balance
    return balance.approved - balance.billed + balance.credited - balance.closed


def documents(items: Iterable[tuple[Billable, Money]], accounts: Sequence[SubLedger]) -> list[PreviewedDocument]:
    """One for each purchase order, as a run makes them (R44); what one takes of a cap or retainer is gone for the next."""
    orders: dict[str, list[tuple[Billable, Money]]] = defaultdict(list)
    for item, left in items:
        orders[item.purchase_order].append((item, left))
    room = Room.under(accounts)
    return [_document(order, group, room) for order, group in sorted(orders.items())]


def _document(order: str, group: Sequence[tuple[Billable, Money]], room: Room) -> PreviewedDocument:
    currency = group[0][0].currency
    lines: dict[str, Money] = defaultdict(lambda: Money.zero(currency))
    for item, left in group:
        lines[item.line] += left
    wanted = Money.sum(lines.values(), currency)
    capped = {line: room.fits(SubLedgerKind.CAP, line, amount) for line, amount in lines.items()}
    net = rest = room.fits(SubLedgerKind.PURCHASE_ORDER, order, Money.sum(capped.values(), currency))
    for line, amount in capped.items():
        room.use(SubLedgerKind.CAP, line, min(amount, rest))
        rest -= min(amount, rest)
    drawn = Money.zero(currency)
    for name in room.retainers():
        worked = Money.sum((left for item, left in group if item.line == name and item.work.person), currency)
        drawn += room.drawn(name, min(worked, net - drawn))
    return PreviewedDocument(purchase_order=order, items=len(group), net=net - drawn, drawn=drawn, waits=wanted - net)
