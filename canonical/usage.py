"""Metered use: what a unit costs by the contract, and what a meter says was used (R77)."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from canonical.money import Exact, Money
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class Tier(Part):
    """A price per unit, up to and including a quantity of a billing period; the last tier has no end."""

    up_to: Decimal | None = None
    rate: Money


class UsagePlan(Part):
    """What metered use costs in a billing period: some units are included, the rest is priced tier by tier (graduated)."""

    unit: str = ""
    included: Decimal = Decimal(0)
    tiers: tuple[Tier, ...]


class MeterReading(Part):
    """What was used of a contract line on a day, in units of its plan; ``reading`` is its name at the meter.

    A later ``version`` of a reading replaces an earlier one (as texts, in the order of their characters); none is rewritten.
    """

    reading: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
    version: str = Field(default="1", min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")
    contract: Reference
    line: Reference
    used_on: date
    quantity: Exact = Field(ge=0, lt=10**15, allow_inf_nan=False, decimal_places=9)


@published
class MeterReadings(Canonical):
    """The readings of one meter (a system that counts what customers use): a day without use is a reading of 0."""

    source: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
    readings: tuple[MeterReading, ...] = Field(min_length=1, max_length=50_000)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = Counter((one.reading, one.version) for one in self.readings)
        twice = [f"{reading} (version {version})" for (reading, version), count in names.items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(twice[:5])} stands there twice; give each reading a name of its own")
        return self


class Metered(Part):
    """What a day came to in all of a contract line's readings; ``mark`` grows with every reading that is kept."""

    line: str
    used_on: date
    quantity: Decimal
    mark: int
