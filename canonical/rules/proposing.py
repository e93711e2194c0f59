"""From a wish for a credit to exact allocations and amounts; what cannot be credited is refused before anything is touched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from canonical.billable import BillableKind, CreditDisposition
from canonical.billing_document import Allocated, BillingDocument, DocumentKind
from canonical.credit import CreditPart, CreditRequest, ProposedPart
from canonical.errors import Rejected
from canonical.invoice import CreditedAllocation, DocumentLine, InvoiceState, LineKind
from canonical.money import Money
from canonical.rules.crediting import Allocation, adjust_price, credit_amount, credit_quantity, credit_whole, in_proportion
from canonical.rules.document_rounding import roundings_credited
from canonical.schema import Part
from canonical.sub_ledger import SubLedger, SubLedgerKind

_POSTED = {InvoiceState.POSTED, InvoiceState.PARTLY_PAID, InvoiceState.PAID, InvoiceState.CREDITED}


class Billed(Part):
    """An invoice as a credit finds it; ``restored`` is what earlier credits gave back to each retainer that it drew on."""

    document: BillingDocument
    lines: tuple[DocumentLine, ...] = ()
    allocations: tuple[Allocated, ...]
    restored: Mapping[str, Money] = {}

    def paid_by(self, draw: DocumentLine) -> Sequence[Allocated]:
        """What a retainer paid for: the work on its own line, or any where that line has none."""
        work = {one.number: one.line for one in self.lines if one.kind is LineKind.CHARGE and not _funds(one)}
        own = {number for number, line in work.items() if line == draw.line} or work
        return [one for one in self.allocations if one.line in own]


class Amounts(Part):
    """What a credit comes to: ``taxes`` by line of its own invoice, in ``tax`` together with those of the others.

    ``unfunded`` is what it takes out of retainers, less what it gives back to the same ones.
    """

    parts: tuple[ProposedPart, ...]
    net: Money
    restored: Money
    tax: Money
    taxes: dict[int, Money] = {}
    roundings: tuple[DocumentLine, ...] = ()
    unfunded: dict[str, Money] = {}


def propose(request: CreditRequest, invoices: Mapping[str, Billed]) -> Amounts:
    """The exact allocations and amounts of a request (S06: 3.5 h, 700; S08: 10,000, of which 1,000 go back to the retainer)."""
    own, taken = invoices[request.invoice], list[ProposedPart]()
    for one in invoices.values():
        _require_same(own.document, one.document)
    for part in request.parts:
        taken += _taken(part, invoices[part.invoice or request.invoice], taken)
    currency = own.document.net.currency
    if not taken:
        raise _refused(f"Nothing stands billed of {request.invoice} that could be credited", "CREDIT_ABOVE_BILLED")
    if request.rebill and all(one.credited.disposition is not CreditDisposition.REOPENED for one in taken):
        raise _refused(
            f"Credit {request.reference} re-opens nothing, so that nothing of it can be billed again", "NOTHING_TO_REBILL"
        )
    taxes = {name: _taxes(one, [part for part in taken if part.invoice == name]) for name, one in invoices.items()}
    roundings = tuple(line for name, one in invoices.items() for line in _roundings(name, one, taken))
    restored = [back for name, one in invoices.items() for back in _restored(name, one, taken)]
    return Amounts(
        parts=tuple(taken),
        net=Money.sum((*(one.credited.amount for one in taken), *(line.amount for line in roundings)), currency),
        restored=Money.sum((back for _, back in restored), currency),
        tax=Money.sum((*(tax for by_line in taxes.values() for tax in by_line.values()), *_taxes_of(roundings)), currency),
        taxes=taxes[request.invoice],
        roundings=roundings,
        unfunded=_unfunded(invoices, taken, restored),
    )


def require_funds(unfunded: Mapping[str, Money], pools: Iterable[SubLedger]) -> None:
    """What funded a retainer is credited as far as it was not drawn: the rest pays for work that stands billed."""
    balances = {pool.name: pool.balance for pool in pools if pool.kind is SubLedgerKind.RETAINER}
    for name, wanted in unfunded.items():
        balance = balances.get(name)
        if balance is not None and balance < wanted:
            raise _refused(
                f"Retainer {name} holds {balance}, so that {wanted} of what funded it cannot be credited",
                "RETAINER_EXHAUSTED",
                f"Credit at most {balance} of it, or credit the invoices first that it paid for.",
            )


def _taken(part: CreditPart, billed: Billed, before: Sequence[ProposedPart]) -> list[ProposedPart]:
    _require_posted(billed.document)
    _require_exact(part, billed)
    chosen = [
        one
        for one in billed.allocations
        if part.billable in {"", one.billable} and part.line in {None, one.line} and (one.left.amount > 0 or part.billable)
    ]
    if not chosen and (part.billable or part.line is not None):
        what = part.billable or f"Line {part.line}"
        raise _refused(f"{what} is not on invoice {billed.document.reference}", "NOT_ON_INVOICE", "Name an item or line of it.")
    named = {one.allocation: one for one in chosen}
    # Of an amount the first items are credited: by line and name, since in which order they came is no reason.
    in_order = sorted(chosen, key=lambda one: (one.line, one.billable, one.allocation))
    standing = [_standing(one, billed.document.reference, before) for one in in_order]
    return [
        ProposedPart(
            credited=one,
            billable=named[one.allocation].billable,
            invoice=billed.document.reference,
            line=named[one.allocation].line,
        )
        for one in _credited(part, standing)
    ]


def _credited(part: CreditPart, standing: Sequence[Allocation]) -> tuple[CreditedAllocation, ...]:
    if part.quantity is not None:
        return credit_quantity(standing, part.quantity, part.disposition)
    if part.amount is None:
        return credit_whole(standing, part.disposition)
    if part.disposition is CreditDisposition.PRICE_ADJUSTMENT and len(standing) == 1:
        return adjust_price([(standing[0], part.amount)])
    return credit_amount(standing, part.amount, part.disposition)


def _standing(one: Allocated, invoice: str, before: Sequence[ProposedPart]) -> Allocation:
    """What may still be credited of an allocation, beside what the same request takes of it already."""
    ours = [part.credited for part in before if part.credited.allocation == one.allocation]
    taken = Money.sum((part.amount for part in ours), one.amount.currency)
    hours = sum((part.quantity for part in ours), Decimal(0))
    return Allocation(
        number=one.allocation,
        billable=one.billable,
        invoice=invoice,
        line=one.line,
        amount=one.amount,
        quantity=one.quantity,
        credited=one.amount - one.left + taken,
        credited_quantity=one.quantity - one.left_quantity + hours,
    )


def _taxes(billed: Billed, parts: Sequence[ProposedPart]) -> dict[int, Money]:
    """The tax that goes with what is credited, line by line, as it was charged: parts of a line add up to all of its tax."""
    taxes: dict[int, Money] = {}
    for line in billed.lines:
        now = Money.sum((part.credited.amount for part in parts if part.line == line.number), line.amount.currency)
        if now.is_zero or line.tax is None or line.tax.is_zero:
            continue
        of_line = [one for one in billed.allocations if one.line == line.number]
        before = Money.sum((one.amount - one.left for one in of_line), line.amount.currency)
        taxes[line.number] = in_proportion(line.tax, before, now, line.amount)
    return taxes


def _roundings(name: str, billed: Billed, taken: Sequence[ProposedPart]) -> Iterator[DocumentLine]:
    """What the invoice as a whole was rounded by, as far as it goes with what is credited."""
    zero = Money.zero(billed.document.net.currency)
    before, now = dict[int, Money](), dict[int, Money]()
    for one in billed.allocations:
        before[one.line] = before.get(one.line, zero) + one.amount - one.left
    for part in taken:
        if part.invoice == name:
            now[part.line] = now.get(part.line, zero) + part.credited.amount
    return roundings_credited(billed.lines, before, now)


def _taxes_of(lines: Sequence[DocumentLine]) -> Iterator[Money]:
    return (line.tax for line in lines if line.tax is not None)


def _funds(line: DocumentLine) -> bool:
    """Whether the line put money into a retainer, rather than billing work."""
    return line.kind is LineKind.CHARGE and line.billing is BillableKind.RETAINER


def _unfunded(
    invoices: Mapping[str, Billed], taken: Sequence[ProposedPart], restored: Iterable[tuple[str, Money]]
) -> dict[str, Money]:
    funding = {(name, line.number): line.line for name, one in invoices.items() for line in one.lines if _funds(line)}
    found: dict[str, Money] = {}
    for part in taken:
        if pool := funding.get((part.invoice, part.line)):
            found[pool] = found[pool] + part.credited.amount if pool in found else part.credited.amount
    for pool, back in restored:
        if pool in found:
            found[pool] = found[pool] - back
    return found


def _restored(name: str, billed: Billed, taken: Sequence[ProposedPart]) -> Iterator[tuple[str, Money]]:
    """A retainer keeps paying for what still stands of its work, and gets the rest back (S08), as if the other had not been."""
    now = {part.credited.allocation: part.credited.amount for part in taken if part.invoice == name}
    zero = Money.zero(billed.document.net.currency)
    for draw in billed.lines:
        if now and draw.kind is LineKind.RETAINER_DRAW:
            standing = Money.sum(
                (one.left - now.get(one.allocation, zero) for one in billed.paid_by(draw)), billed.document.net.currency
            )
            yield draw.line, max(zero - draw.amount - billed.restored.get(draw.line, zero) - standing, zero)


def _require_posted(document: BillingDocument) -> None:
    if document.kind is not DocumentKind.INVOICE:
        raise _refused(f"{document.reference} is no invoice", "NOT_AN_INVOICE", "Name the invoice that is to be credited.")
    if document.state not in _POSTED:
        raise _refused(
            f"Invoice {document.reference} is {document.state}, and only what is posted is credited",
            "INVOICE_NOT_POSTED",
            "Withdraw it instead: reject its release, and its items are open again.",
        )


def _require_same(own: BillingDocument, other: BillingDocument) -> None:
    if (own.contract, own.customer, own.entity, own.net.currency) != (
        other.contract, other.customer, other.entity, other.net.currency,
    ):  # fmt: skip
        raise _refused(
            f"One memo cannot credit {own.reference} and {other.reference}",
            "NOT_ON_INVOICE",
            "Ask for a credit of each: they differ in contract, customer, entity or currency.",
        )


def _require_exact(part: CreditPart, billed: Billed) -> None:
    """Money of the invoice's currency, with no more digits than it has."""
    amount, currency = part.amount, billed.document.net.currency
    if amount is not None and amount.currency != currency:
        raise _refused(
            f"{amount} cannot be credited of an invoice in {currency}", "CURRENCY_NOT_ACCEPTED", f"Give the amount in {currency}."
        )
    if amount is not None and not amount.is_exact:
        raise _refused(f"{amount} has more digits than {currency} has", "TOO_MANY_DIGITS", "Round the amount.")


def _refused(message: str, code: str, remedy: str = "Credit what stands billed; see `handoff invoice trace`.") -> Rejected:
    return Rejected(message, code=code, remedy=remedy)
