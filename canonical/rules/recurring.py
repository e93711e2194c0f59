"""What is billed by the calendar or the meter: subscription periods, the short ones by days, and usage by tiers (R77)."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from canonical.contract import ContractLine
from canonical.errors import RuleBroken
from canonical.money import Money, Rounding
from canonical.period import Period
from canonical.reference import Reference
from canonical.schema import Part
from canonical.usage import UsagePlan


class Alignment(StrEnum):
    """Where periods begin: on the day the term began, or on the first of the calendar month."""

    ANNIVERSARY = "anniversary"
    CALENDAR = "calendar"


class RecurringPolicy(Part):
    """How a recurring price is billed: every so many months, from where, and how a short period is rounded."""

    months: int = 1
    alignment: Alignment = Alignment.ANNIVERSARY
    rounding: Rounding = Rounding.HALF_UP


class DuePeriod(Part):
    """One period to bill. ``whole`` is the full period that it is, or is a part of; its number makes its reference (U2)."""

    number: int
    period: Period
    whole: Period
    amount: Money

    def reference(self, line: Reference) -> str:
        """The item's reference, as the billing schedule names it: C-100.L3.01."""
        return f"{line}.{self.number:02}"

    def by_month(self) -> list[tuple[Period, Money]]:
        """What each of its months earns: alike in a whole period, by days in one that is cut short; together its amount (S01)."""
        months = list(self.period.months())
        weights = [Decimal(month.days if self.period != self.whole else 1) for month in months]
        return list(zip(months, self.amount.split(weights), strict=True))


def periods(price: Money, term: Period, policy: RecurringPolicy | None = None) -> Iterator[DuePeriod]:
    """All periods of a term at a price per full period; one cut short by the term's start or end is priced by its days (R77)."""
    rules = policy or RecurringPolicy()
    for number, whole in enumerate(_wholes(term, rules), 1):
        part = Period(start=max(whole.start, term.start), end=min(whole.end, term.end))
        yield DuePeriod(number=number, period=part, whole=whole, amount=prorated(price, part, whole, rules.rounding))


def periods_of(line: ContractLine, term: Period, policy: RecurringPolicy | None = None) -> list[DuePeriod]:
    """The periods of a subscription line; its number of months ends them before the term does (S01: 12 x 6,000)."""
    if line.amount is None:
        raise RuleBroken(f"Line {line.reference} has no price", remedy="Let the control point of activation judge it first.")
    end = min(term.end, term.start + relativedelta(months=line.months)) if line.months else term.end
    rules = policy or RecurringPolicy()
    return list(periods(line.amount * rules.months, Period(start=term.start, end=end), rules))


def due(scheduled: Sequence[DuePeriod], today: date) -> list[DuePeriod]:
    """What has begun and is therefore on the invoice of its month (S01)."""
    return [one for one in scheduled if one.period.start <= today]


def prorated(price: Money, part: Period, whole: Period, rounding: Rounding = Rounding.HALF_UP) -> Money:
    """The price of some days of a period, rounded once; a whole period costs the price exactly (R77)."""
    if part == whole:
        return price.rounded(rounding)
    return Money(amount=price.amount * part.days / whole.days, currency=price.currency).rounded(rounding)


def _wholes(term: Period, policy: RecurringPolicy) -> Iterator[Period]:
    origin = term.start.replace(day=1) if policy.alignment is Alignment.CALENDAR else term.start
    number, start = 0, origin
    while start < term.end:
        number += policy.months
        end = origin + relativedelta(months=number)
        yield Period(start=start, end=end)
        start = end


def usage_amount(plan: UsagePlan, quantity: Decimal, rounding: Rounding = Rounding.HALF_UP) -> Money:
    """The price of what a period used: each unit at the tier it falls into, rounded once at the end (R77)."""
    if quantity < 0:
        raise RuleBroken(f"A usage of {quantity} cannot be billed", remedy="Correct the meter; make a credit of what was billed.")
    total, counted, remaining = Money.zero(plan.tiers[0].rate.currency), Decimal(0), max(quantity - plan.included, Decimal(0))
    for tier in plan.tiers:
        within = remaining if tier.up_to is None else min(remaining, tier.up_to - counted)
        total, counted, remaining = total + tier.rate * within, counted + within, remaining - within
    if remaining:
        raise RuleBroken(f"No tier prices a usage of {quantity}", remedy="End the plan with a tier that has no upper end.")
    return total.rounded(rounding)
