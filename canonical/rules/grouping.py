"""From charges to invoices: one for each payer, entity, currency and purchase order; lines by policy; nothing lost (R82)."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import Decimal
from enum import StrEnum

from canonical.billable import Billable, BillableKind
from canonical.errors import RuleBroken
from canonical.invoice import DocumentLine, LineKind
from canonical.money import Currency, Money
from canonical.period import Period
from canonical.reference import Reference
from canonical.rules.charge import Charge
from canonical.rules.postings import Chart
from canonical.schema import Part

MOST_NAMED = 100
_SHARED_LINES = (BillableKind.TIME, BillableKind.EXPENSE, BillableKind.RATE_DELTA)


class LineBy(StrEnum):
    """What time and expenses share to be one line; other items are a line each."""

    ROLE = "role"
    TASK = "task"
    PERSON = "person"
    FLAT = "flat"
    ITEM = "item"


class GroupingPolicy(Part):
    """How a customer wants invoices: lines by what, and an invoice for each workstream or for all of them."""

    lines: LineBy = LineBy.ROLE
    by_workstream: bool = False
    line_limit: int | None = None


class InvoiceKey(Part):
    """What all of one invoice has in common (S14: one for each purchase order)."""

    contract: Reference
    entity: str
    customer: Reference
    currency: Currency
    purchase_order: str = ""
    workstream: str = ""


class Draft(Part):
    """An invoice before it has a number, tax and dates, with the charges behind its lines."""

    key: InvoiceKey
    lines: tuple[DocumentLine, ...]
    charges: tuple[tuple[Charge, ...], ...]

    @property
    def net(self) -> Money:
        """The sum of its lines; negative where it can only be a credit memo (S05)."""
        return Money.sum((line.amount for line in self.lines), self.key.currency)

    @property
    def is_credit(self) -> bool:
        """Whether it gives money back: never posted as a negative invoice (S05)."""
        return self.net.amount < 0


def group(charges: Iterable[Charge], policy: GroupingPolicy | None = None, chart: Chart | None = None) -> list[Draft]:
    """Invoices, the same for any order of the charges; a target's line limit makes further ones (R82, S14)."""
    rules, accounts = policy or GroupingPolicy(), chart or Chart()
    return [
        _draft(some, rules, accounts)
        for charged in _classes(sorted(charges, key=_order), lambda item: _invoice_key(item, rules)).values()
        for some in _within(list(_classes(charged, lambda item: _line_key(item, rules)).values()), rules.line_limit)
    ]


def with_draw(draft: Draft, drawn: Money, retainer: Reference, chart: Chart | None = None) -> Draft:
    """The draft less what a retainer pays of it: one more line, negative, on the deposit account (S01)."""
    if drawn.is_zero:
        return draft
    if not Money.zero(drawn.currency) < drawn <= draft.net:
        raise RuleBroken(f"A retainer cannot pay {drawn} of {draft.net}", remedy="Draw at most what is billed.")
    line = DocumentLine(
        number=len(draft.lines) + 1,
        kind=LineKind.RETAINER_DRAW,
        billing=BillableKind.RETAINER,
        line=retainer,
        description=f"Less retainer {retainer}",
        amount=-drawn,
        account=(chart or Chart()).customer_deposits,
    )
    return draft.changed(lines=(*draft.lines, line), charges=(*draft.charges, ()))


def _order(charge: Charge) -> tuple[object, ...]:
    item = charge.billable
    return (item.line, item.kind.value, item.work.role, item.service.start, item.reference)


def _classes(charges: Sequence[Charge], key: Callable[[Billable], Hashable]) -> dict[Hashable, list[Charge]]:
    found: dict[Hashable, list[Charge]] = {}
    for one in charges:
        found.setdefault(key(one.billable), []).append(one)
    return found


def _within(together: list[list[Charge]], limit: int | None) -> list[list[list[Charge]]]:
    size = limit or len(together)
    return [together[start : start + size] for start in range(0, len(together), size)]


def _invoice_key(item: Billable, policy: GroupingPolicy) -> Hashable:
    workstream = item.workstream if policy.by_workstream else ""
    return (item.contract, item.entity, item.customer, item.currency, item.purchase_order, workstream)


def _line_key(item: Billable, policy: GroupingPolicy) -> Hashable:
    apart = _named(item, policy) if item.kind in _SHARED_LINES else item.reference
    rate = None if policy.lines is LineBy.FLAT else item.rate
    return (item.line, item.kind, apart, rate, item.tax_code, item.dimensions)


def _named(item: Billable, policy: GroupingPolicy) -> str:
    """What a line is called: the role, task or person it is for; an expense by its category."""
    if item.kind is BillableKind.EXPENSE and policy.lines is not LineBy.ITEM:
        return item.description
    match policy.lines:
        case LineBy.ROLE:
            return item.work.role
        case LineBy.TASK:
            return item.work.task
        case LineBy.PERSON:
            return item.work.person
        case LineBy.FLAT:
            return "Professional services"
        case LineBy.ITEM:
            return item.reference


def _draft(together: Sequence[list[Charge]], policy: GroupingPolicy, chart: Chart) -> Draft:
    item = together[0][0].billable
    return Draft(
        key=InvoiceKey(
            contract=item.contract,
            entity=item.entity,
            customer=item.customer,
            currency=item.currency,
            purchase_order=item.purchase_order,
            workstream=item.workstream if policy.by_workstream else "",
        ),
        lines=tuple(_line(number, charges, policy, chart) for number, charges in enumerate(together, 1)),
        charges=tuple(tuple(charges) for charges in together),
    )


def _line(number: int, charges: Sequence[Charge], policy: GroupingPolicy, chart: Chart) -> DocumentLine:
    items, first = [one.billable for one in charges], charges[0].billable
    return DocumentLine(
        number=number,
        billing=first.kind,
        line=first.line,
        description=_description(first, policy),
        quantity=sum((one.quantity for one in charges), Decimal(0)),
        unit=first.unit,
        rate=first.rate if all(item.rate == first.rate for item in items) else None,
        amount=Money.sum((one.amount for one in charges), first.currency),
        tax_code=first.tax_code,
        account=chart.billed_to(first.kind),
        service=Period(start=min(item.service.start for item in items), end=max(item.service.end for item in items)),
        dimensions=first.dimensions,
        items=len(items),
        billables=tuple(item.reference for item in items[:MOST_NAMED]),
    )


def _description(item: Billable, policy: GroupingPolicy) -> str:
    name = _named(item, policy) if item.kind in _SHARED_LINES and policy.lines is not LineBy.ITEM else item.description
    name = name or item.description or item.reference
    return f"Rate change, {name}" if item.kind is BillableKind.RATE_DELTA else name
