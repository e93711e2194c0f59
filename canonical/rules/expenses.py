"""Expenses passed on: the cost without recoverable tax, what policy lets through to the customer, and the markup (S26)."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

from canonical.billable import Billable, BillableKind, Work
from canonical.errors import RuleBroken
from canonical.exception import Finding
from canonical.money import Money, Rounding
from canonical.period import Period
from canonical.rules.exchange import FrozenRate, converted
from canonical.rules.rating import Placement
from canonical.schema import Part
from canonical.time_entry import ExpenseItem

EXCHANGE_RATE = "exchange_rate"
_TOLD = re.compile(r"1 ([A-Z]{3}) = ([0-9.]+) ([A-Z]{3}) \((.*), ([^ ,]*)\)")


class ExpensePolicy(Part):
    """What a customer is billed for a category of expenses: ``markup`` is a share (0.10), ``cap`` the most an item may cost."""

    markup: Decimal = Decimal(0)
    cap: Money | None = None
    rounding: Rounding = Rounding.HALF_UP


class PassedOn(Part):
    """An expense as it is accounted: cost, the part of it that is billable, and the bill with its markup, before tax."""

    cost: Money
    billable_cost: Money
    bill: Money

    @property
    def non_billable_cost(self) -> Money:
        """What the firm bears itself: above the policy's cap, or not billable at all (S26)."""
        return self.cost - self.billable_cost


def pass_on(expense: ExpenseItem, policy: ExpensePolicy, *, currency: str = "", quote: FrozenRate | None = None) -> PassedOn:
    """Cost and bill of one expense, in the contract's currency at the frozen rate where that is another (S26, R66)."""
    paid = expense.amount - expense.tax if expense.tax else expense.amount
    cost = converted(paid, quote, policy.rounding) if quote and currency != paid.currency else paid
    allowed = min(cost, policy.cap) if policy.cap else cost
    billable = allowed if expense.is_billable else Money.zero(cost.currency)
    return PassedOn(cost=cost, billable_cost=billable, bill=(billable * (1 + policy.markup)).rounded(policy.rounding))


def rate_expense(
    expense: ExpenseItem, placement: Placement, policy: ExpensePolicy, *, quote: FrozenRate | None = None
) -> Billable | Finding | None:
    """An approved expense as a billable item; none where nothing is billed; a finding where no rate converts it (S26, R97)."""
    if expense.amount.currency != placement.currency and quote is None:
        return _no_exchange_rate(expense, placement)
    passed = pass_on(expense, policy, currency=placement.currency, quote=quote)
    if passed.bill.is_zero:
        return None
    return Billable(
        reference=expense.reference,
        kind=BillableKind.EXPENSE,
        **{name: getattr(placement, name) for name in Placement.model_fields},
        service=Period(start=expense.spent_on, end=expense.spent_on + timedelta(days=1)),
        amount=passed.bill,
        description=expense.category,
        work=Work(person=expense.person, task=expense.task, approved_by=expense.approved_by, note=expense.note),
        source=expense.system,
        source_version=expense.source_version,
        evidence=_evidence(expense, passed, quote),
    )


def frozen_on(told: str) -> FrozenRate:
    """The rate that an item's evidence tells."""
    found = _TOLD.fullmatch(told)
    if found is None:
        raise RuleBroken(f"{told!r} tells no exchange rate", remedy="Restore the item's evidence from the audit trail.")
    base, rate, quoted, source, at = found.groups()
    return FrozenRate(base=base, quoted=quoted, rate=Decimal(rate), source=source, at=datetime.fromisoformat(at) if at else None)


def told_of(quote: FrozenRate) -> str:
    """A frozen rate in the words of evidence: 1 CHF = 1.0500 EUR (ECB, 2026-04-30T14:15:00+00:00)."""
    at = quote.at.isoformat() if quote.at else ""
    return f"1 {quote.base} = {quote.rate:f} {quote.quoted} ({quote.source}, {at})"


def _evidence(expense: ExpenseItem, passed: PassedOn, quote: FrozenRate | None) -> dict[str, str]:
    told = {
        "cost": str(passed.cost),
        "non_billable": "" if passed.non_billable_cost.is_zero else str(passed.non_billable_cost),
        "receipt": expense.receipt_url,
        "purchase_order": expense.purchase_order,
        "paid": "" if quote is None else str(expense.amount),
        EXCHANGE_RATE: "" if quote is None else told_of(quote),
    }
    return {name: value for name, value in told.items() if value}


def _no_exchange_rate(expense: ExpenseItem, placement: Placement) -> Finding:
    pair = f"{expense.amount.currency} to {placement.currency}"
    return Finding(
        code="EXCHANGE_RATE_MISSING",
        subject=expense.reference,
        sentence=f"Expense {expense.reference} of {expense.amount} is billed in {placement.currency}, and no rate is recorded.",
        remedy=f"Import a rate of {pair} for {expense.spent_on} (`handoff rates import`), then settle with retry.",
        money=expense.amount,
        evidence={"entry": expense.reference, "spent_on": str(expense.spent_on)},
        can_override=False,
    )
