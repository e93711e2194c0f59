"""Revenue: whatever the treatment, what is earned in all is the price, to the cent."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import RuleBroken
from canonical.money import Money
from canonical.period import Period
from canonical.revenue_event import Progress
from canonical.rules.recognition import (
    Modified,
    Scope,
    StraightLineBy,
    at_point_in_time,
    calendar_months,
    catch_up,
    earned_by,
    earned_to_date,
    modify,
    prospective,
    rescheduled,
    straight_line,
)
from tests.build import usd


def at(percent: str | int) -> Progress:
    return Progress(done=Decimal(percent), expected=Decimal(100))


def test_s01_a_milestone_is_earned_when_accepted_and_a_month_at_its_end() -> None:
    assert at_point_in_time(usd(40_000), is_delivered=True) == usd(40_000)
    assert at_point_in_time(usd(60_000), is_delivered=False) == usd(0)
    april = straight_line(usd(6_000), Period.month(2026, 4))
    assert (earned_by(april, date(2026, 4, 29)), earned_by(april, date(2026, 4, 30))) == (usd(0), usd(6_000))


def test_s02_catches_up_15000() -> None:
    assert earned_to_date(usd(300_000), at(40)) == usd(120_000)
    modified = modify(usd(300_000), usd(75_000), usd(120_000), at(36), Scope.NOT_DISTINCT)
    assert modified == Modified(price=usd(375_000), catch_up=usd(15_000), separate=usd(0))


def test_s03_a_contract_cut_below_what_was_earned_gives_revenue_back() -> None:
    assert modify(usd(300_000), usd(-200_000), usd(90_000), at(60), Scope.NOT_DISTINCT).catch_up == usd(-30_000)


def test_distinct_and_separate_changes_catch_up_nothing() -> None:
    assert modify(usd(300_000), usd(75_000), usd(120_000), at(36), Scope.DISTINCT).catch_up == usd(0)
    separate = modify(usd(300_000), usd(75_000), usd(120_000), at(36), Scope.SEPARATE)
    assert separate == Modified(price=usd(300_000), catch_up=usd(0), separate=usd(75_000))
    assert prospective(usd(375_000), usd(120_000), at(50)) == usd("247500.00")


@pytest.mark.parametrize(("done", "expected"), [("1", "0"), ("-1", "10"), ("0", "-1")])
def test_progress_that_measures_nothing_is_refused(done: str, expected: str) -> None:
    with pytest.raises(RuleBroken):
        earned_to_date(usd(1), Progress(done=Decimal(done), expected=Decimal(expected)))


YEAR = Period.through(date(2026, 4, 15), date(2027, 4, 14))


def test_a_thousand_over_three_months_loses_no_cent() -> None:
    quarter = Period(start=date(2026, 1, 1), end=date(2026, 4, 1))
    assert [one.amount for one in straight_line(usd(1_000), quarter)] == [usd("333.34"), usd("333.33"), usd("333.33")]
    by_days = straight_line(usd(900), quarter, StraightLineBy.DAYS)
    assert [one.amount for one in by_days] == [usd(310), usd(280), usd(310)]


def test_a_term_from_mid_month_earns_parts_of_its_first_and_last_month() -> None:
    schedule = straight_line(usd(12_000), YEAR)
    assert len(schedule) == 13
    assert (schedule[0].amount, schedule[1].amount, schedule[-1].amount) == (usd("533.33"), usd("1000.00"), usd("466.67"))


def test_a_price_that_changes_is_spread_over_what_is_left() -> None:
    year = straight_line(usd(12_000), Period.through(date(2026, 1, 1), date(2026, 12, 31)))
    raised = rescheduled(year, usd(15_000), date(2026, 7, 1))
    assert [one.amount for one in raised] == [usd(1_000)] * 6 + [usd(1_500)] * 6
    with pytest.raises(RuleBroken):
        rescheduled(year, usd(15_000), date(2027, 1, 1))


CENTS = st.integers(0, 10**9)
TERMS = st.builds(
    lambda start, days: Period(start=start, end=start + timedelta(days=days)),
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    st.integers(1, 1_200),
)


@given(CENTS, TERMS, st.sampled_from(list(StraightLineBy)), st.integers(0, 1_200))
def test_a_schedule_earns_exactly_the_price_and_never_goes_back(units: int, term: Period, by: StraightLineBy, day: int) -> None:
    price = Money.from_minor_units(units, "USD")
    schedule = straight_line(price, term, by)
    assert Money.sum((one.amount for one in schedule), "USD") == price == earned_by(schedule, term.last)
    then = term.start + timedelta(days=day)
    assert usd(0) <= earned_by(schedule, then) <= earned_by(schedule, then + timedelta(days=31)) <= price


@given(TERMS)
def test_calendar_months_cover_the_term_once(term: Period) -> None:
    months = calendar_months(term)
    assert (months[0].start, months[-1].end) == (term.start, term.end)
    assert all(a.end == b.start and b.start.day == 1 for a, b in pairwise(months))


@given(CENTS, CENTS, TERMS, st.integers(0, 1_199))
def test_a_rescheduled_price_is_earned_whole_and_the_past_stays(units: int, new: int, term: Period, day: int) -> None:
    price, changed = Money.from_minor_units(units, "USD"), Money.from_minor_units(new, "USD")
    since = min(term.start + timedelta(days=day), term.last)
    before = straight_line(price, term)
    after = rescheduled(before, changed, since)
    assert Money.sum((one.amount for one in after), "USD") == changed
    assert [one for one in after if one.period.end <= since] == [one for one in before if one.period.end <= since]


@given(CENTS, st.lists(st.tuples(st.integers(0, 150), st.integers(1, 150), st.integers(0, 10**9)), max_size=8))
def test_catch_ups_add_up_to_what_is_earned_whatever_was_estimated_or_amended(
    units: int, steps: list[tuple[int, int, int]]
) -> None:
    recognized, price = usd(0), Money.from_minor_units(units, "USD")
    for done, expected, repriced in steps:
        price, progress = Money.from_minor_units(repriced, "USD"), Progress(done=Decimal(done), expected=Decimal(expected))
        recognized = recognized + catch_up(recognized, price, progress)
        assert recognized == earned_to_date(price, progress)
        assert usd(0) <= recognized <= price
    finished = recognized + catch_up(recognized, price, at(100))
    assert finished == price
