"""Numbers as the database holds them: the driver writes 10000 as 1E+4, which is no way to show or send an amount."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import asyncpg

from canonical.money import Money


def plain(number: Decimal) -> Decimal:
    """The same number without an exponent."""
    return number + Decimal(0)


def money(row: asyncpg.Record | Mapping[str, Any], name: str, currency: str | None = None) -> Money:
    """The amount of a column in the row's currency, or in the one that is given."""
    return Money(amount=plain(row[name]), currency=currency or row["currency"])


def money_or_none(row: asyncpg.Record | Mapping[str, Any], name: str, currency: str | None = None) -> Money | None:
    """The same where the column may be empty."""
    return None if row[name] is None else money(row, name, currency)
