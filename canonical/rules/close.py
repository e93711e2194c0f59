"""Closing a period: where late entries are accounted, and what is accrued for work that could not be posted in time."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from canonical.exception import Finding
from canonical.journal import AccountingPeriod, Journal, PeriodState
from canonical.money import Money
from canonical.period import Period
from canonical.rules.postings import Chart, Posting, booked
from canonical.schema import Part


class LatePolicy(StrEnum):
    """What happens with work whose period is closed when it is approved (S27)."""

    HOLD = "hold"
    NEXT_OPEN = "next_open"


class Placed(Part):
    """When something is accounted. The service date never changes; ``is_prior_period`` marks the invoice and the KPI (S27)."""

    accounting_date: date
    is_prior_period: bool = False


def is_closed(day: date, periods: Sequence[AccountingPeriod], *, receivables: bool = False) -> bool:
    """Whether no open period holds the day, so that nothing posts there; with no periods told, nothing is closed (S27).

    For ``receivables`` a period is closed as soon as they are locked, though journals may still be posted to it.
    """
    return bool(periods) and not any(_is_open(one, receivables) and day in one.period for one in periods)


def place(service: date, today: date, periods: Sequence[AccountingPeriod], *, receivables: bool = False) -> Placed | None:
    """The service date while its period is open, else today within the next open period; none where no period is open (S27)."""
    if not is_closed(service, periods, receivables=receivables):
        return Placed(accounting_date=service)
    later = [one.period for one in periods if _is_open(one, receivables) and one.period.start > service]
    if not later:
        return None
    following = min(later, key=lambda period: period.start)
    return Placed(accounting_date=min(max(today, following.start), following.last), is_prior_period=True)


def open_for_receivables(periods: Sequence[AccountingPeriod]) -> list[Period]:
    """The periods that take invoices."""
    return [one.period for one in periods if _is_open(one, True)]


def closed_before(day: date, periods: Sequence[AccountingPeriod]) -> date | None:
    """The end of the last period before ``day`` that takes no receivables: earlier service is of a prior period (S27)."""
    ends = [one.period.end for one in periods if not _is_open(one, True) and one.period.end <= day]
    return max(ends, default=None)


def held_until_reopened(what: str, service: date, today: date, money: Money | None, *, subject: str) -> Finding:
    """What waits in the controller's list, with its money and age (S27, policy *hold*)."""
    return Finding(
        code="PERIOD_CLOSED",
        subject=subject,
        sentence=f"{what} is dated {service}, whose accounting period is closed.",
        remedy="Let it be accounted in the next open period, or have the controller reopen the period.",
        money=money,
        evidence={"service_date": str(service), "age_in_days": str((today - service).days)},
    )


class Accruable(Part):
    """Approved work that waits unposted: how much, and the revenue account it will be posted to."""

    account: str
    amount: Money
    items: int = 1


def propose_accrual(
    reference: str, entity: str, period: Period, waiting: Sequence[Accruable], chart: Chart | None = None
) -> Journal | None:
    """Unbilled revenue on the period's last day, reversed on the next (S19; accrual basis, IAS 1.27); none for no work.

    Negative amounts take back what was accrued before and has been billed in the period meanwhile.
    """
    amounts = [one for one in waiting if not one.amount.is_zero]
    if not amounts:
        return None
    currency = amounts[0].amount.currency
    total = Money.sum((one.amount for one in amounts), currency)
    items = sum(one.items for one in amounts)
    return booked(
        reference,
        entity,
        period.last,
        [
            Posting.debit((chart or Chart()).contract_asset, total),
            *(Posting.credit(one.account, one.amount) for one in amounts),
        ],
        memo=f"Accrual of {items} approved items not yet posted, {period}",
        reverses_on=period.end,
    )


def _is_open(one: AccountingPeriod, receivables: bool = False) -> bool:
    return one.state is PeriodState.OPEN and not (receivables and one.receivables_locked)
