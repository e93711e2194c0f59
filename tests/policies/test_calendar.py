from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import RuleBroken
from policies.calendar import BusinessCalendar, elapsed

NEW_YORK = BusinessCalendar.model_validate(
    {"time_zone": "America/New_York", "working": {"holidays": {"country": "US", "subdivision": "NY"}}}
)
BERLIN = BusinessCalendar.model_validate(
    {
        "time_zone": "Europe/Berlin",
        "working": {"holidays": {"country": "DE", "subdivision": "BE"}, "also_closed": [date(2026, 12, 24), date(2026, 12, 31)]},
    }
)
KOLKATA = BusinessCalendar.model_validate({"time_zone": "Asia/Kolkata", "working": {"opens": "09:30", "closes": "18:00"}})
NIGHT = BusinessCalendar.model_validate(
    {"time_zone": "Europe/Berlin", "working": {"opens": "00:00", "closes": "08:00", "days": ["sat", "sun"]}}
)
CALENDARS = (NEW_YORK, BERLIN, KOLKATA, NIGHT)


def local(calendar: BusinessCalendar, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.time_zone))


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "end"),
    [
        (NEW_YORK, "2026-11-20T09:00", 4, "2026-11-20T13:00"),
        (NEW_YORK, "2026-11-20T15:00", 4, "2026-11-23T11:00"),
        (NEW_YORK, "2026-11-21T12:00", 4, "2026-11-23T13:00"),
        (NEW_YORK, "2026-11-25T16:00", 4, "2026-11-27T12:00"),  # Thanksgiving is the 26th
        (NEW_YORK, "2026-11-20T06:00", 4, "2026-11-20T13:00"),
        (NEW_YORK, "2026-11-20T17:00", 4, "2026-11-23T13:00"),
        (NEW_YORK, "2026-11-20T09:00", 8, "2026-11-20T17:00"),
        (BERLIN, "2026-12-23T15:00", 4, "2026-12-28T11:00"),  # closed on the 24th, holidays on the 25th and 26th, a weekend
        (KOLKATA, "2026-11-20T16:00", 4, "2026-11-23T11:30"),
        (NIGHT, "2026-10-25T00:00", 9, "2026-10-25T08:00"),  # the clocks go back: that night has nine working hours
        (NIGHT, "2026-03-29T00:00", 8, "2026-04-04T01:00"),  # the clocks go forward: seven, and the eighth next weekend
    ],
)
def test_business_hours_are_added_on_the_entity_s_own_clock(calendar: BusinessCalendar, start: str, hours: int, end: str) -> None:
    reached = calendar.add_business_time(local(calendar, start), hours)
    assert reached == local(calendar, end).astimezone(UTC)
    assert calendar.business_time_between(local(calendar, start), reached) == timedelta(hours=hours)


def test_the_same_moment_is_due_at_other_times_in_other_entities() -> None:
    start = datetime(2026, 11, 20, 15, tzinfo=UTC)
    due = [calendar.add_business_time(start, 4) for calendar in (NEW_YORK, BERLIN, KOLKATA)]
    assert due == [
        datetime(2026, 11, 20, 19, tzinfo=UTC),
        datetime(2026, 11, 23, 11, tzinfo=UTC),
        datetime(2026, 11, 23, 8, tzinfo=UTC),
    ]


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(RuleBroken, match="time zone"):
        BERLIN.add_business_time(datetime(2026, 11, 20), 4)  # noqa: DTZ001
    with pytest.raises(RuleBroken, match="forwards"):
        BERLIN.add_business_time(datetime(2026, 11, 20, tzinfo=UTC), -1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"time_zone": "Mars/Olympus", "working": {}}, "Europe/Berlin"),
        ({"time_zone": "Europe/Berlin", "working": {"opens": "17:00", "closes": "09:00"}}, "opens before it closes"),
        ({"time_zone": "Europe/Berlin", "working": {"days": []}}, "at least 1"),
        ({"time_zone": "Europe/Berlin", "working": {"holidays": {"country": "XX"}}}, "not known"),
        ({"time_zone": "Europe/Berlin", "working": {"holidays": {"country": "DE", "subdivision": "NY"}}}, "has no part"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BusinessCalendar.model_validate(wrong)


MOMENTS = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
HOURS = st.integers(min_value=0, max_value=120).map(lambda quarters: Decimal(quarters) / 4)


@given(calendar=st.sampled_from(CALENDARS), start=MOMENTS, hours=HOURS)
def test_what_was_added_lies_between(calendar: BusinessCalendar, start: datetime, hours: Decimal) -> None:
    end = calendar.add_business_time(start, hours)
    assert end >= start
    assert calendar.business_time_between(start, end) == elapsed(hours)


@given(calendar=st.sampled_from(CALENDARS), start=MOMENTS, first=HOURS, second=HOURS)
def test_adding_in_two_steps_is_adding_at_once(
    calendar: BusinessCalendar, start: datetime, first: Decimal, second: Decimal
) -> None:
    in_steps = calendar.add_business_time(calendar.add_business_time(start, first), second)
    at_once = calendar.add_business_time(start, first + second)
    assert calendar.business_time_between(min(in_steps, at_once), max(in_steps, at_once)) == timedelta(0)


@given(calendar=st.sampled_from(CALENDARS), moments=st.tuples(MOMENTS, MOMENTS, MOMENTS).map(sorted))
def test_business_time_adds_up_and_never_exceed_elapsed_time(calendar: BusinessCalendar, moments: list[datetime]) -> None:
    first, second, third = (min(moment, moments[0] + timedelta(days=60)) for moment in moments)
    between = calendar.business_time_between
    assert between(first, second) + between(second, third) == between(first, third)
    assert timedelta(0) <= between(first, third) <= third - first
    assert between(third, first) == timedelta(0)
