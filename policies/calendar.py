"""Business time: working hours in a time zone, weekends and public holidays (S33 counts in business hours)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator, Field, model_validator

from canonical.errors import RuleBroken
from policies.shape import Shape

_HOUR = timedelta(hours=1)
_LONGEST_SEARCH = 3660


class Weekday(StrEnum):
    """A day of the week, in the order of ``date.weekday``."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_WEEK = tuple(Weekday)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; write a name such as Europe/Berlin") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class PublicHolidays(Shape):
    """Whose public holidays are kept: a country's, or those of a part of it (state, province)."""

    country: str
    subdivision: str | None = None

    @model_validator(mode="after")
    def _known(self) -> "PublicHolidays":
        known = holidays.list_supported_countries()
        if self.country not in known:
            raise ValueError(f"the holidays of {self.country!r} are not known; write a country's two capital letters, such as DE")
        if self.subdivision is not None and self.subdivision not in known[self.country]:
            parts = ", ".join(known[self.country]) or "none"
            raise ValueError(f"{self.country} has no part {self.subdivision!r} with holidays; use one of {parts}")
        return self


class WorkingTime(Shape):
    """When an entity works: each working day from ``opens`` up to ``closes`` on its own clock."""

    opens: time = time(9)
    closes: time = time(17)
    days: tuple[Weekday, ...] = Field(default=_WEEK[:5], min_length=1)
    holidays: PublicHolidays | None = None
    also_closed: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> "WorkingTime":
        if self.opens >= self.closes or self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("a working day opens before it closes; write local times such as opens: '09:00' and closes: '17:00'")
        return self


class BusinessCalendar(Shape):
    """Working time in a time zone; all sums are of elapsed time, so a change of the clocks neither adds nor loses work."""

    time_zone: TimeZone
    working: WorkingTime

    def is_business_day(self, day: date) -> bool:
        """Whether anybody works that day."""
        working = self.working
        return _WEEK[day.weekday()] in working.days and day not in working.also_closed and not self._is_holiday(day)

    def add_business_time(self, start: datetime, hours: Decimal | int) -> datetime:
        """The moment by which that many business hours have passed since ``start``; in UTC."""
        left = elapsed(hours)
        at = _aware(start)
        for opens, closes in self._windows(at):
            begins = max(at, opens)
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        raise RuleBroken("No working day was found in ten years", remedy="Correct the working time in policies/entities.")

    def business_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How much business time lies between, to the microsecond; none when ``end`` is not later."""
        at, until = _aware(start), _aware(end)
        total = timedelta(0)
        for opens, closes in self._windows(at):
            if opens >= until:
                break
            total += max(min(closes, until) - max(opens, at), timedelta(0))
        return total

    def _windows(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = self.local_day(since)
        for number in range(_LONGEST_SEARCH):
            day = first + timedelta(days=number)
            if self.is_business_day(day):
                opens, closes = self.window(day)
                if closes > since:
                    yield opens, closes

    def window(self, day: date) -> tuple[datetime, datetime]:
        """Opening and closing of a day, in UTC."""
        zone = ZoneInfo(self.time_zone)
        opens, closes = (datetime.combine(day, at, zone) for at in (self.working.opens, self.working.closes))
        return opens.astimezone(UTC), closes.astimezone(UTC)

    def local_day(self, at: datetime) -> date:
        """The entity's own date at a moment."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()

    def _is_holiday(self, day: date) -> bool:
        kept = self.working.holidays
        return kept is not None and day in _holidays(kept.country, kept.subdivision, day.year)


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise RuleBroken("A moment without a time zone has no place in a business calendar", remedy="Give it its time zone.")
    return at.astimezone(UTC)


def elapsed(hours: Decimal | int) -> timedelta:
    """Hours as a duration, cut to the microsecond; refused where they are negative."""
    if hours < 0:
        raise RuleBroken("Business time is counted forwards only", remedy="Give hours that are not negative.")
    return timedelta(microseconds=int(Decimal(hours) * Decimal(_HOUR // timedelta(microseconds=1))))
