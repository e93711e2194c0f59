"""Exact arithmetic on the JSON numbers of records: rounding half up, and sums that are spread without losing a cent."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

ZERO = Decimal(0)


def exact(given: Any) -> Decimal:
    """The decimal that a JSON number was written as."""
    return Decimal(str(given)) if given is not None else ZERO


def plain(amount: Decimal) -> int | float:
    """A JSON number; amounts of up to 15 digits come back unchanged."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def rounded(amount: Decimal, places: int = 2) -> Decimal:
    """Half up, as an ERP rounds money."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def spread(total: Decimal, parts: Sequence[Decimal], places: int = 2) -> list[Decimal]:
    """Rounded parts that add up to the total: what is left goes to those that rounding took most from."""
    shares = [rounded(part, places) for part in parts]
    cent = Decimal(1).scaleb(-places)
    left = int((total - sum(shares, ZERO)) / cent)
    step = cent if left > 0 else -cent
    neediest = sorted(range(len(parts)), key=lambda n: (shares[n] - parts[n]) * (1 if left > 0 else -1))
    for turn in range(abs(left)):
        shares[neediest[turn % len(parts)]] += step
    return shares
