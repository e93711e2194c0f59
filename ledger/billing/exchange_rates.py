"""Exchange rates with their source and time; never rewritten, and frozen on the document that used one (R97)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal

from canonical.billing_document import FrozenRate
from canonical.errors import KeyReusedWithDifferentContent
from ledger.database import Database, columns

_ADD = """
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::numeric[])
    AS g(source, currency, functional, at, rate)
), added AS (
    INSERT INTO exchange_rates (source, currency, functional, at, rate) SELECT * FROM given ON CONFLICT DO NOTHING
)
SELECT g.source, g.currency, g.functional, g.at, e.rate FROM given g
JOIN exchange_rates e USING (source, currency, functional, at) WHERE e.rate <> g.rate LIMIT 1
"""
_HOLDING = """
SELECT rate, source, at FROM exchange_rates
WHERE currency = $1 AND functional = $2 AND at <= $3 AND ($4 = '' OR source = $4) ORDER BY at DESC, source LIMIT 1
"""
Quote = tuple[str, str, str, datetime, Decimal]
"""Source, currency, functional currency, time, and what one unit of the currency was worth."""


class ExchangeRates:
    """Rates as the sources gave them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, quotes: Sequence[Quote]) -> None:
        """Keep them; a rate that is known otherwise is refused."""
        differs = await self._database.row(_ADD, *columns(quotes, 5))
        if differs is not None:
            raise KeyReusedWithDifferentContent(
                f"{differs['source']} gave {differs['rate']} {differs['functional']} for one {differs['currency']}"
                f" at {differs['at']}, and now gives another.",
                remedy="Import the corrected rate under its own time; what was billed at the old one stays.",
            )

    async def holding(self, currency: str, functional: str, on: date, *, source: str = "") -> FrozenRate | None:
        """The last rate up to the end of a day (UTC), of one source or of any; a currency is worth one of itself."""
        at = datetime.combine(on, time.max, tzinfo=UTC)
        if currency == functional:
            return FrozenRate(rate=Decimal(1), source="identity", at=at)
        row = await self._database.row(_HOLDING, currency, functional, at, source)
        return FrozenRate(**dict(row)) if row else None
