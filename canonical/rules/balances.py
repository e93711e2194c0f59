"""What billing and crediting do to an item's balance; whatever would break 0 <= billed - credited <= approved is refused (U1)."""

from canonical.billable import Balance, CreditDisposition
from canonical.errors import Rejected
from canonical.money import Money


def billed(balance: Balance, amount: Money) -> Balance:
    """The item after an invoice line took that much of it: at most what is open (U1, S06)."""
    _require_within(amount, balance.open, "billed", "is open")
    return balance.changed(billed=balance.billed + amount)


def credited(balance: Balance, amount: Money, disposition: CreditDisposition) -> Balance:
    """The item after a credit: re-opened it may be billed again, written off or repriced it may not (U1, S06, S16)."""
    _require_within(amount, balance.net, "credited", "stands billed")
    closed = balance.closed if disposition is CreditDisposition.REOPENED else balance.closed + amount
    return balance.changed(credited=balance.credited + amount, closed=closed)


def _require_within(amount: Money, limit: Money, done: str, left: str) -> None:
    if not Money.zero(amount.currency) < amount <= limit:
        raise Rejected(
            f"{amount} cannot be {done} where {limit} {left}",
            code=f"{done.upper()}_ABOVE_BALANCE",
            remedy="Name more than nothing and at most what is left; name other items for the rest.",
        )
