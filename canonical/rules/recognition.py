"""When revenue is earned: at a point in time, by progress with catch-up, or straight line without losing a cent (R93)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from canonical.errors import RuleBroken
from canonical.money import Money, Rounding
from canonical.period import Period
from canonical.revenue_event import Progress
from canonical.schema import Part


class StraightLineBy(StrEnum):
    """Whether equal months earn equally, or equal days."""

    MONTHS = "months"
    DAYS = "days"


class Earning(Part):
    """What is earned in a period; it is recognized on the period's last day (S01: a subscription at its period's end)."""

    period: Period
    amount: Money


def at_point_in_time(price: Money, *, is_delivered: bool) -> Money:
    """All of it once control has passed, nothing before (S01: milestones on acceptance; IFRS 15.38, ASC 606-10-25-30)."""
    return price if is_delivered else Money.zero(price.currency)


def earned_to_date(price: Money, progress: Progress, rounding: Rounding = Rounding.HALF_UP) -> Money:
    """The share of the price that the work done is of the work expected, by cost or hours; never above the price.

    IFRS 15.39-45, ASC 606-10-25-31: 300,000 at 40 % is 120,000 (S02).
    """
    if progress.expected <= 0 or progress.done < 0:
        raise RuleBroken(
            f"Progress of {progress.done} of {progress.expected} measures nothing",
            remedy="Estimate the whole work before revenue is recognized over time.",
        )
    done = min(progress.done, progress.expected)
    return Money(amount=price.amount * done / progress.expected, currency=price.currency).rounded(rounding)


def catch_up(recognized: Money, price: Money, progress: Progress) -> Money:
    """What to recognize now so that the total is right: also negative, and after a modification at its new price (IFRS 15.21 b).

    S02: 375,000 at 36 % is 135,000, less 120,000 recognized: +15,000.
    """
    return earned_to_date(price, progress) - recognized


class Scope(StrEnum):
    """What a modification adds: services of their own, a remainder that is distinct, or more of the same (IFRS 15.20-21)."""

    SEPARATE = "separate"
    DISTINCT = "distinct"
    NOT_DISTINCT = "not_distinct"


class Modified(Part):
    """An obligation after a modification: its price from now on, what is caught up at once, and a new obligation's price."""

    price: Money
    catch_up: Money
    separate: Money


def modify(price: Money, change: Money, recognized: Money, progress: Progress, scope: Scope) -> Modified:
    """A separate service is an obligation of its own, a distinct one changes what is yet to earn, the rest catches up (S02)."""
    nothing = Money.zero(price.currency)
    match scope:
        case Scope.SEPARATE:
            return Modified(price=price, catch_up=nothing, separate=change)
        case Scope.DISTINCT:
            return Modified(price=price + change, catch_up=nothing, separate=nothing)
        case Scope.NOT_DISTINCT:
            return Modified(price=price + change, catch_up=catch_up(recognized, price + change, progress), separate=nothing)


def prospective(price: Money, recognized: Money, since_change: Progress) -> Money:
    """Earned in all, where the rest of the price is earned by the work that remains after a distinct change (IFRS 15.21 a)."""
    return recognized + earned_to_date(price - recognized, since_change)


def straight_line(price: Money, term: Period, by: StraightLineBy = StraightLineBy.MONTHS) -> list[Earning]:
    """A price over a term, month by month of the calendar; the parts are exactly the price (S01; IFRS 15.B18, stand-ready)."""
    months = calendar_months(term)
    weights = [Decimal(month.days) if by is StraightLineBy.DAYS else _share_of_month(month) for month in months]
    return [Earning(period=month, amount=part) for month, part in zip(months, price.split(weights), strict=True)]


def calendar_months(term: Period) -> list[Period]:
    """A term cut at the first of each month; the first and the last piece may be short (R93)."""
    pieces, start = list[Period](), term.start
    while start < term.end:
        end = min(start.replace(day=1) + relativedelta(months=1), term.end)
        pieces.append(Period(start=start, end=end))
        start = end
    return pieces


def earned_by(schedule: Sequence[Earning], day: date) -> Money:
    """What the periods that have ended by a day earned: a month is earned at its end (S01)."""
    currency = schedule[0].amount.currency
    return Money.sum((one.amount for one in schedule if one.period.last <= day), currency)


def rescheduled(schedule: Sequence[Earning], price: Money, since: date) -> list[Earning]:
    """A schedule after its price changed: what ended before stays as recognized, the rest is spread anew (IFRS 15.21 a)."""
    kept = [one for one in schedule if one.period.end <= since]
    left = [one for one in schedule if one.period.end > since]
    currency = price.currency
    rest = price - Money.sum((one.amount for one in kept), currency)
    if not left:
        raise RuleBroken("Nothing of the term is left to earn over", remedy="Recognize the change at once.")
    weights = [max(one.amount.amount, Decimal(0)) for one in left]
    parts = rest.split(weights if any(weights) else [Decimal(1)] * len(left))
    return [*kept, *(one.changed(amount=part) for one, part in zip(left, parts, strict=True))]


def _share_of_month(piece: Period) -> Decimal:
    first = piece.start.replace(day=1)
    return Decimal(piece.days) / (first + relativedelta(months=1) - first).days
