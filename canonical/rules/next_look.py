"""When time alone changes what is to be said of receivables: a due date passes, an aging bucket, the patience with a payment."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta

from canonical.payment import PaymentState
from canonical.receivable import CustomerStanding
from canonical.rules.cash_application import CashTerms


def next_look(standing: CustomerStanding, terms: CashTerms) -> datetime | None:
    """The first moment after the standing was read at which something else may be to be said; none where time changes nothing."""
    return min((at for at in _moments(standing, terms) if at > standing.read_at), default=None)


def _moments(standing: CustomerStanding, terms: CashTerms) -> Iterator[datetime]:
    for invoice in standing.invoices:
        if invoice.due is not None and invoice.open.amount > 0:
            for days in {terms.dunning_after_days, 0, *terms.aging}:
                yield datetime.combine(invoice.due + timedelta(days=days + 1), time(), tzinfo=UTC)
    for held in standing.payments:
        if held.unknown.amount > 0 and held.payment.state is PaymentState.RECEIVED:
            yield from _days(held.first_seen_at + timedelta(hours=terms.parked_hours), standing.read_at)


def _days(first: datetime, now: datetime) -> Iterable[datetime]:
    """When patience ends, and after that every day, so that the exception tells the age."""
    passed = max(0, (now - first) // timedelta(days=1) + 1) if now >= first else 0
    return (first + timedelta(days=passed),)
