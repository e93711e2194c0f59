"""Advances in another currency that are a promise to deliver, not money owed back: they keep their own rate (IFRIC 22, S13)."""

from datetime import date
from decimal import Decimal

from canonical.invoice import Invoice, LineKind
from canonical.journal import Journal, JournalLine
from canonical.money import Money
from canonical.rules.postings import Chart


def reclassified(invoice: Invoice, gain: Money, chart: Chart, *, on: date) -> Journal:
    """What applying the advance seemed to gain or lose on exchange becomes revenue, so that its part keeps the advance's rate.

    It is spread over the invoice's revenue accounts by what they bear; a loss lowers revenue, a gain raises it.
    """
    bears: dict[str, Decimal] = {}
    for line in invoice.lines:
        if line.kind is LineKind.CHARGE and line.amount.amount > 0:
            account = line.account or chart.fee_revenue
            bears[account] = bears.get(account, Decimal(0)) + line.amount.amount
    size = gain if gain.amount > 0 else -gain
    shares = zip(bears, size.split(list(bears.values())), strict=True)
    revenue = [(account, share) for account, share in shares if share.amount]
    is_loss = gain.amount < 0
    lines = [_line(account, share, is_debit=is_loss) for account, share in revenue]
    return Journal(
        reference=f"{invoice.reference}.advance",
        entity=invoice.entity,
        currency=gain.currency,
        accounting_date=on,
        memo=f"Invoice {invoice.reference}: the part that was prepaid keeps the rate of its advance",
        lines=(*lines, _line(chart.exchange, size, is_debit=not is_loss)),
        source="advance",
    )


def _line(account: str, amount: Money, *, is_debit: bool) -> JournalLine:
    return JournalLine(account=account, debit=amount) if is_debit else JournalLine(account=account, credit=amount)
