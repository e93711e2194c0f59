"""Half-open periods of dates; people type inclusive ones, inside they are half open."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Self

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ConfigDict, model_validator


class Period(BaseModel):
    """From ``start`` up to, not including, ``end``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    start: date
    end: date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"a period ends after it starts; {self.start} to {self.end} does not")
        return self

    @classmethod
    def through(cls, start: date, last: date) -> Self:
        """What a person means by 'from start through last'."""
        return cls(start=start, end=last + timedelta(days=1))

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        """A calendar month."""
        first = date(year, month, 1)
        return cls(start=first, end=first + relativedelta(months=1))

    @property
    def last(self) -> date:
        """The last day inside."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def months(self) -> Iterator[Self]:
        """The period cut at each monthly anniversary of its start; the last piece may be short."""
        number, start = 1, self.start
        while start < self.end:
            end = min(self.start + relativedelta(months=number), self.end)
            yield type(self)(start=start, end=end)
            number, start = number + 1, end

    def __str__(self) -> str:
        return f"{self.start} through {self.last}"
