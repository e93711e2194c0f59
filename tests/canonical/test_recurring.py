"""Recurring billing: every day of the term once, short periods by days, usage by tiers rounded once."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import RuleBroken
from canonical.money import Money
from canonical.period import Period
from canonical.quote import BillingKind
from canonical.rules.planning import plan_schedule
from canonical.rules.recurring import (
    Alignment,
    RecurringPolicy,
    due,
    periods,
    periods_of,
    prorated,
    usage_amount,
)
from canonical.usage import Tier, UsagePlan
from tests.build import a_contract, a_time_line, usd

YEAR = Period.through(date(2026, 4, 1), date(2027, 3, 31))
SUBSCRIPTION = a_time_line(reference="L3", kind=BillingKind.SUBSCRIPTION, rates=(), amount=usd(6000), months=12)


def test_s01_bills_6000_for_each_of_twelve_months() -> None:
    found = periods_of(SUBSCRIPTION, YEAR)
    assert [one.amount for one in found] == [usd(6000)] * 12
    assert found[0].period == Period.month(2026, 4)
    assert [one.number for one in due(found, date(2026, 4, 30))] == [1]
    assert [one.number for one in due(found, date(2026, 5, 1))] == [1, 2]


def test_periods_are_those_of_the_billing_schedule() -> None:
    contract = a_contract(lines=(SUBSCRIPTION,), term=YEAR)
    planned = [(item.reference, item.period, item.amount) for item in plan_schedule(contract).items]
    assert planned == [(one.reference("C-100.L3"), one.period, one.amount) for one in periods_of(SUBSCRIPTION, YEAR)]


def test_a_term_that_starts_and_ends_in_mid_month_is_prorated_by_days() -> None:
    term = Period.through(date(2026, 4, 15), date(2026, 6, 10))
    found = list(periods(usd(6000), term, RecurringPolicy(alignment=Alignment.CALENDAR)))
    assert [(str(one.period), one.amount) for one in found] == [
        ("2026-04-15 through 2026-04-30", usd("3200.00")),
        ("2026-05-01 through 2026-05-31", usd("6000.00")),
        ("2026-06-01 through 2026-06-10", usd("2000.00")),
    ]


def test_a_last_month_cut_short_is_prorated_from_the_anniversary() -> None:
    found = list(periods(usd(6000), Period.through(date(2026, 4, 15), date(2026, 6, 1))))
    assert [(one.period.days, one.amount) for one in found] == [(30, usd(6000)), (18, usd("3483.87"))]


def test_a_quarter_is_three_months_at_once() -> None:
    found = periods_of(SUBSCRIPTION, YEAR, RecurringPolicy(months=3))
    assert [one.amount for one in found] == [usd(18_000)] * 4


def test_months_end_a_line_before_the_term_does() -> None:
    assert len(periods_of(SUBSCRIPTION.changed(months=6), YEAR)) == 6


def test_a_line_without_a_price_is_refused() -> None:
    with pytest.raises(RuleBroken):
        periods_of(SUBSCRIPTION.changed(amount=None), YEAR)


STARTS = st.dates(date(2024, 1, 1), date(2030, 12, 31))


@given(st.integers(1, 10**8), STARTS, st.integers(1, 900), st.sampled_from(list(Alignment)), st.sampled_from([1, 3, 12]))
def test_every_day_of_the_term_is_billed_once(units: int, start: date, days: int, alignment: Alignment, months: int) -> None:
    term = Period(start=start, end=start + timedelta(days=days))
    price = Money.from_minor_units(units, "USD")
    found = list(periods(price, term, RecurringPolicy(alignment=alignment, months=months)))
    assert (found[0].period.start, found[-1].period.end) == (term.start, term.end)
    assert all(a.period.end == b.period.start for a, b in pairwise(found))
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert all(one.amount == price for one in found if one.period == one.whole)
    assert all(usd(0) <= one.amount <= price for one in found)
    assert found == list(periods(price, term, RecurringPolicy(alignment=alignment, months=months)))


@given(st.integers(0, 10**8), st.integers(1, 30))
def test_the_days_of_a_month_are_worth_the_month(units: int, cut: int) -> None:
    month, price = Period.month(2026, 5), Money.from_minor_units(units, "USD")
    day = month.start + timedelta(days=cut)
    parts = [prorated(price, part, month) for part in (Period(start=month.start, end=day), Period(start=day, end=month.end))]
    assert abs((Money.sum(parts, "USD") - price).amount) <= Decimal("0.01")


PLAN = UsagePlan(
    included=Decimal(100),
    tiers=(Tier(up_to=Decimal(1000), rate=usd("0.015")), Tier(rate=usd("0.010"))),
)


@pytest.mark.parametrize(
    ("quantity", "amount"), [(0, "0"), (100, "0"), (101, "0.02"), (1100, "15.00"), (1101, "15.01"), (2100, "25.00")]
)
def test_usage_is_priced_tier_by_tier_and_rounded_once(quantity: int, amount: str) -> None:
    assert usage_amount(PLAN, Decimal(quantity)) == usd(amount)


def test_every_tier_is_as_wide_as_it_says() -> None:
    tiers = (Tier(up_to=Decimal(10), rate=usd(3)), Tier(up_to=Decimal(30), rate=usd(2)), Tier(rate=usd(1)))
    assert usage_amount(UsagePlan(tiers=tiers), Decimal(50)) == usd(10 * 3 + 20 * 2 + 20 * 1)


def test_senseless_usage_is_refused() -> None:
    with pytest.raises(RuleBroken):
        usage_amount(PLAN, Decimal(-1))
    with pytest.raises(RuleBroken):
        usage_amount(UsagePlan(tiers=(Tier(up_to=Decimal(5), rate=usd(1)),)), Decimal(6))


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_usage_never_costs_less(one: int, more: int) -> None:
    assert usage_amount(PLAN, Decimal(one)) <= usage_amount(PLAN, Decimal(one + more))
