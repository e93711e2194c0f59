"""The chart of accounts, and what each event of billing posts to it: balanced by construction, in signed postings (U3)."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Self

from canonical.billable import BillableKind
from canonical.invoice import CreditMemo, DocumentLine, Invoice
from canonical.journal import Journal, JournalLine
from canonical.money import Money
from canonical.payment import Payment, PaymentState
from canonical.project import Dimensions
from canonical.rules.withholding import WithholdingPolicy, recognized
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

    @property
    def revenue_accounts(self) -> tuple[str, ...]:
        """Where earned revenue lies."""
        return (self.time_revenue, self.fee_revenue, self.subscription_revenue, self.expense_revenue, self.breakage)


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

    def opposite(self) -> Self:
        """What takes it back."""
        return self.changed(amount=-self.amount)


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


def invoice_postings(invoice: Invoice, chart: Chart | None = None) -> list[Posting]:
    """Dr the receivable; Cr each line on its account, a retainer draw being a debit, and the tax (S01, S04, S12, S27)."""
    accounts = chart or Chart()
    return [
        Posting.debit(accounts.receivable, invoice.total, customer=invoice.customer),
        *(_credited(line) for line in invoice.lines),
        Posting.credit(accounts.tax_payable, invoice.tax),
    ]


def credit_postings(memo: CreditMemo, chart: Chart | None = None) -> list[Posting]:
    """The opposite of what the invoice posted for what is taken back; a restored retainer is a credit (S06, S07, S08)."""
    accounts = chart or Chart()
    return [
        *(_credited(line).opposite() for line in memo.lines),
        Posting.debit(accounts.tax_payable, memo.tax),
        Posting.credit(accounts.receivable, memo.total, customer=memo.customer),
    ]


def payment_postings(payment: Payment, chart: Chart | None = None, policy: WithholdingPolicy | None = None) -> list[Posting]:
    """Dr cash and certified withholding, Cr the receivable, what is unapplied too; a bounced payment the other way (S28)."""
    accounts = chart or Chart()
    withheld = Money.sum((recognized(one, policy) for one in payment.applications), payment.amount.currency)
    received = [
        Posting.debit(accounts.cash, payment.amount),
        Posting.debit(accounts.withholding, withheld),
        Posting.credit(accounts.receivable, payment.amount + withheld, customer=payment.customer),
    ]
    return received if payment.state is PaymentState.RECEIVED else [one.opposite() for one in received]


def moved_credit(amount: Money, giver: str, taker: str, chart: Chart | None = None) -> list[Posting]:
    """One customer's credit applied to another's invoice, which somebody approved (S07: 40,000 of Acme UK's to Acme Ireland)."""
    account = (chart or Chart()).receivable
    return [Posting.debit(account, amount, customer=giver), Posting.credit(account, amount, customer=taker)]


def refund_postings(amount: Money, customer: str, chart: Chart | None = None) -> list[Posting]:
    """A customer's credit paid back (S07: 8,000)."""
    accounts = chart or Chart()
    return [Posting.debit(accounts.receivable, amount, customer=customer), Posting.credit(accounts.cash, amount)]


def breakage_postings(amount: Money, customer: str, chart: Chart | None = None) -> list[Posting]:
    """The rest of a customer's expired retainer becomes revenue, once approved (S09; IFRS 15.B46)."""
    accounts = chart or Chart()
    return [Posting.debit(accounts.customer_deposits, amount, customer=customer), Posting.credit(accounts.breakage, amount)]


def write_off_postings(amount: Money, customer: str, chart: Chart | None = None) -> list[Posting]:
    """A receivable that will not be paid (R102)."""
    accounts = chart or Chart()
    return [Posting.debit(accounts.write_offs, amount), Posting.credit(accounts.receivable, amount, customer=customer)]


def earned_postings(amount: Money, position: Money, revenue: str, chart: Chart | None = None) -> list[Posting]:
    """Revenue earned: out of what was deferred, and beyond that a contract asset; negative amounts the other way.

    ``position`` is billed less earned so far (S01 month-end; S02: Dr 1150 15,000, posted variant Dr 2300 15,000; IFRS 15.105).
    """
    return [*_repositioned(position, position - amount, chart or Chart()), Posting.credit(revenue, amount)]


def billed_over_time_postings(amount: Money, position: Money, customer: str, chart: Chart | None = None) -> list[Posting]:
    """Billing what is earned over time: out of the contract asset, beyond that deferred; a credit is a negative amount.

    ``position`` is billed less earned so far (S02 variant a; S03: Dr 2300 20,000 / Cr 1100 20,000).
    """
    accounts = chart or Chart()
    return [
        Posting.debit(accounts.receivable, amount, customer=customer),
        *_repositioned(position, position + amount, accounts),
    ]


def _repositioned(before: Money, after: Money, chart: Chart) -> list[Posting]:
    """A contract is one net position: a liability where more is billed than earned, else an asset (IFRS 15.105)."""
    nothing = Money.zero(before.currency)
    return [
        Posting.debit(chart.contract_liability, max(before, nothing) - max(after, nothing)),
        Posting.debit(chart.contract_asset, max(-after, nothing) - max(-before, nothing)),
    ]


def _credited(line: DocumentLine) -> Posting:
    return Posting(account=line.account, amount=-line.amount, memo=line.line, dimensions=line.dimensions)
