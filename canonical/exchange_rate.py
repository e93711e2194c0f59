"""Exchange rates as a source gives them at a time: kept with both, never rewritten, frozen on what uses them (R97)."""

from pydantic import AwareDatetime, Field

from canonical.money import Currency, Exact
from canonical.schema import Canonical, Part, published


class ExchangeRate(Part):
    """What one unit of ``currency`` is worth in ``functional``."""

    currency: Currency
    functional: Currency
    rate: Exact = Field(gt=0, lt=1_000_000_000, allow_inf_nan=False)


@published
class ExchangeRateTable(Canonical):
    """The rates of one source (a central bank, a provider) at one time."""

    source: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
    at: AwareDatetime
    rates: tuple[ExchangeRate, ...] = Field(min_length=1)
