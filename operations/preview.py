"""The dry run of billing: what a run would bill through a day, on which order, and what would wait; it touches nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

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


async def preview(books: Books, contract: str, through: date) -> Preview:
    """Reads the contract, what is open of it, what the calendar would enter, and the room under its limits."""
    record = await ContractsOfRecord(books.dossiers, books.engagements).read(contract)
    due = scheduled_items(record.contract, record.schedule, through, record.project.dimensions)
    known = {state.item.reference for state in await books.billing.billables.read([one.reference for one in due])}
    coming = [one for one in due if one.reference not in known]
    kept = await books.billing.billables.open_of(contract)
    open_now = [(state.item, _left(state)) for state in kept if state.item.service.start <= through]
    accounts = await books.billing.sub_ledgers.of(contract)
    waiting = await books.billing.traces.backlog(contract=contract)
    return Preview(
        contract=contract,
        through=through,
        documents=_documents([*open_now, *((one, one.amount) for one in coming)], accounts),
        not_entered=len(coming),
        held=[row for row in waiting if row.state in {"held", "frozen"}],
        pending=[row for row in waiting if row.state == "pending_approval"],
    )


def _left(state: ItemState) -> Money:
    balance = state.balance
    return balance.approved - balance.billed + balance.credited - balance.closed


def _documents(items: Iterable[tuple[Billable, Money]], accounts: Sequence[SubLedger]) -> list[PreviewedDocument]:
    """One for each purchase order, as a run makes them (R44)."""
    orders: dict[str, list[tuple[Billable, Money]]] = defaultdict(list)
    for item, left in items:
        orders[item.purchase_order].append((item, left))
    return [_document(order, group, accounts) for order, group in sorted(orders.items())]


def _document(order: str, group: Sequence[tuple[Billable, Money]], accounts: Sequence[SubLedger]) -> PreviewedDocument:
    currency = group[0][0].currency
    wanted = Money.sum((left for _, left in group), currency)
    lines: dict[str, Money] = defaultdict(lambda: Money.zero(currency))
    for item, left in group:
        lines[item.line] += left
    capped = Money.sum((_fits(amount, _account(accounts, SubLedgerKind.CAP, line)) for line, amount in lines.items()), currency)
    net = _fits(capped, _account(accounts, SubLedgerKind.PURCHASE_ORDER, order))
    worked = [(item.line, left) for item, left in group if item.work.person]
    drawn = Money.sum(
        (
            min(Money.sum((left for line, left in worked if line == one.name), currency), one.balance, net)
            for one in accounts
            if one.kind is SubLedgerKind.RETAINER and one.balance
        ),
        currency,
    )
    return PreviewedDocument(purchase_order=order, items=len(group), net=net - drawn, drawn=drawn, waits=wanted - net)


def _account(accounts: Sequence[SubLedger], kind: SubLedgerKind, name: str) -> SubLedger | None:
    return next((one for one in accounts if (one.kind, one.name) == (kind, name)), None)


def _fits(amount: Money, account: SubLedger | None) -> Money:
    """All of it within the tolerance, else up to the ceiling: as a run cuts it (S14)."""
    if account is None or account.ceiling is None:
        return amount
    zero = Money.zero(amount.currency)
    used = account.balance or zero
    if used + amount <= account.ceiling + (account.tolerance or zero):
        return amount
    return min(amount, max(account.ceiling - used, zero))
