"""A worker as Workday tells it for one day; what is earned never shows in a representation."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Self


@dataclass(frozen=True)
class Pay:
    """What an hour or a year costs in base pay."""

    hourly: Decimal | None = field(repr=False)
    annual: Decimal | None = field(repr=False)
    currency: str


@dataclass(frozen=True)
class Job:
    """The primary job on that day, and since when it and the pay are as they are; organizations bear no date."""

    job_since: date | None
    pay_since: date | None
    company: str
    cost_center: str
    profile: str
    profile_id: str
    pay: Pay | None = field(repr=False)


@dataclass(frozen=True)
class Worker:
    """One worker on one day: ``ended`` is the last day of an employment that is over, ``job`` is held only while it lasts."""

    wid: str
    number: str
    is_contingent: bool
    name: str
    email: str
    hired: date | None
    ended: date | None
    job: Job | None


@dataclass(frozen=True)
class Page:
    """One page of an answer. ``moment`` is the entry moment it holds for."""

    workers: tuple[Worker, ...]
    log: dict[str, frozenset[date]]
    moment: datetime | None
    pages: int
    total: int

    def at(self, moment: datetime) -> Self:
        """The same, holding for that moment."""
        return replace(self, moment=moment)
