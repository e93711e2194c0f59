"""Exchange rates as a source gives them at a time: kept with both, never rewritten, frozen on what uses them (R97)."""

from decimal import Decimal

from pydantic import AwareDatetime, Field, field_validator

from canonical.money import Currency
from canonical.schema import Canonical, Part, published


class ExchangeRate(Part):
    """What one unit of ``currency`` is worth in ``functional``."""

    currency: Currency
    functional: Currency
    rate: Decimal = Field(gt=0, lt=1_000_000_000, allow_inf_nan=False)

    @field_validator("rate", mode="before")
    @classmethod
    def _no_floats(cls, value: object) -> object:
        if isinstance(value, float):
            raise ValueError("write the rate as a text in quotes, such as '1.0500', never as a float")
        return value


@published
class ExchangeRateTable(Canonical):
    """The rates of one source (a central bank, a provider) at one time."""

    source: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
    at: AwareDatetime
    rates: tuple[ExchangeRate, ...] = Field(min_length=1)
