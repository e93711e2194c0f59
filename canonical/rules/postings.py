"""The chart of accounts that billing posts to, and journals made of signed postings, one line an account."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Self

from canonical.billable import BillableKind
from canonical.journal import Journal, JournalLine
from canonical.money import Money
from canonical.project import Dimensions
from canonical.schema import Part


class Chart(Part):
    """The account numbers of the firm's chart; the defaults are those of the common world of the scenarios."""

    cash: str = "1000"
    receivable: str = "1100"
    withholding: str = "1120"
    contract_asset: str = "1150"
    tax_payable: str = "2200"
    contract_liability: str = "2300"
    customer_deposits: str = "2350"
    time_revenue: str = "4000"
    fee_revenue: str = "4010"
    subscription_revenue: str = "4020"
    expense_revenue: str = "4030"
    breakage: str = "4910"
    write_offs: str = "6900"
    exchange: str = "7000"
    rounding: str = "7010"

    def billed_to(self, kind: BillableKind) -> str:
        """The account an invoice line is credited to: a subscription is deferred, a retainer a deposit (S01)."""
        return {
            BillableKind.EXPENSE: self.expense_revenue,
            BillableKind.MILESTONE: self.fee_revenue,
            BillableKind.SUBSCRIPTION: self.contract_liability,
            BillableKind.USAGE: self.subscription_revenue,
            BillableKind.RETAINER: self.customer_deposits,
        }.get(kind, self.time_revenue)

    def earned_on(self, kind: BillableKind) -> str:
        """The revenue account of what was deferred when it was billed (S01 month-end)."""
        return self.subscription_revenue if kind is BillableKind.SUBSCRIPTION else self.billed_to(kind)


class Posting(Part):
    """An amount on an account: debits positive, credits negative. Postings of one account and memo become one line."""

    account: str
    amount: Money
    memo: str = ""
    dimensions: Dimensions = Dimensions()
    customer: str = ""

    @classmethod
    def debit(cls, account: str, amount: Money, memo: str = "", customer: str = "") -> Self:
        """The account gains the amount on its debit side."""
        return cls(account=account, amount=amount, memo=memo, customer=customer)

    @classmethod
    def credit(cls, account: str, amount: Money, memo: str = "", customer: str = "") -> Self:
        """The account gains the amount on its credit side."""
        return cls(account=account, amount=-amount, memo=memo, customer=customer)


def booked(
    reference: str,
    entity: str,
    on: date,
    postings: Sequence[Posting],
    *,
    memo: str = "",
    source: str = "",
    reverses_on: date | None = None,
) -> Journal:
    """A journal of these postings, summed by account, memo, customer and dimensions; refused unless it balances (U3)."""
    return Journal(
        reference=reference,
        entity=entity,
        currency=postings[0].amount.currency,
        accounting_date=on,
        memo=memo,
        lines=tuple(_line(one) for one in summed(postings) if not one.amount.is_zero),
        reverses_on=reverses_on,
        source=source,
    )


def summed(postings: Iterable[Posting]) -> list[Posting]:
    """Postings of the same account, memo, customer and dimensions as one, in the order they first came (U3)."""
    totals: dict[tuple[str, str, str, Dimensions], Posting] = {}
    for one in postings:
        key = (one.account, one.memo, one.customer, one.dimensions)
        totals[key] = totals[key].changed(amount=totals[key].amount + one.amount) if key in totals else one
    return list(totals.values())


def _line(one: Posting) -> JournalLine:
    debit = one.amount if one.amount.amount > 0 else None
    credit = -one.amount if debit is None else None
    return JournalLine(
        account=one.account, debit=debit, credit=credit, memo=one.memo, dimensions=one.dimensions, customer=one.customer
    )
