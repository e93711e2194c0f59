"""What customers owe: exposure after every payment, by age, with what is disputed kept out of dunning (S16, S28, R101)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

from canonical.money import Money
from canonical.payment import Payment, PaymentState
from canonical.rules.withholding import WithholdingPolicy, settled_by
from canonical.schema import Part

BOUNDARIES = (0, 30, 60, 90)


class OpenItem(Part):
    """An invoice with what is open of it, and what of that the customer disputes."""

    reference: str
    due: date
    open: Money
    disputed: Money | None = None

    @property
    def undisputed(self) -> Money:
        """What may be dunned (S16)."""
        return self.open - self.disputed if self.disputed else self.open

    def days_overdue(self, today: date) -> int:
        """Days since it was due; negative while it is not."""
        return (today - self.due).days


class Bucket(Part):
    """What is more than ``above`` and at most ``up_to`` days overdue; the first holds what is not due, the last has no end."""

    above: int | None
    up_to: int | None
    amount: Money


def buckets(items: Iterable[OpenItem], today: date, currency: str, boundaries: Sequence[int] = BOUNDARIES) -> list[Bucket]:
    """Open amounts by age; every item falls into exactly one bucket (R101)."""
    edges = [None, *boundaries, None]
    held = list(items)
    return [
        Bucket(above=above, up_to=up_to, amount=Money.sum((i.open for i in held if _falls(i, today, above, up_to)), currency))
        for above, up_to in pairwise(edges)
    ]


def to_dun(items: Iterable[OpenItem], today: date) -> list[OpenItem]:
    """What collections may ask for: overdue and not disputed, in the order of age; a wholly disputed item is skipped (S16)."""
    asked = [item for item in items if item.days_overdue(today) > 0 and item.undisputed.amount > 0]
    return sorted(asked, key=lambda item: (item.due, item.reference))


class Exposure(Part):
    """What the CRM shows of a customer: open, its credit on account, what it disputes, and money for invoices not known yet."""

    open: Money
    credit: Money
    disputed: Money
    parked: Money


def exposure(
    invoiced: Mapping[str, Money],
    payments: Iterable[Payment],
    currency: str,
    *,
    disputed: Money | None = None,
    policy: WithholdingPolicy | None = None,
) -> Exposure:
    """From invoice totals by their id and the payments as they now stand, in any order (S28: 6,000 / 0 / 0 (+500) / 10,000).

    A bounced payment settles nothing; more than an invoice's total is credit; a payment for an unknown invoice is parked.
    """
    held = [one for one in payments if one.state is PaymentState.RECEIVED]
    settled = dict[str, Money]()
    for one in (application for payment in held for application in payment.applications):
        settled[one.target_id] = settled.get(one.target_id, Money.zero(currency)) + settled_by(one, policy)
    nothing = Money.zero(currency)
    left = [total - settled.get(target, nothing) for target, total in invoiced.items()]
    return Exposure(
        open=Money.sum((max(one, nothing) for one in left), currency),
        credit=Money.sum((max(-one, nothing) for one in left), currency) + Money.sum((p.unapplied for p in held), currency),
        disputed=disputed or nothing,
        parked=Money.sum((amount for target, amount in settled.items() if target not in invoiced), currency),
    )


def _falls(item: OpenItem, today: date, above: int | None, up_to: int | None) -> bool:
    days = item.days_overdue(today)
    return (above is None or days > above) and (up_to is None or days <= up_to)
