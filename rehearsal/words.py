"""How a scenario file writes amounts, money and stretches of time: `1,500.00`, `9,500.00 USD`, `5 minutes`."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from canonical.money import Money

_STRETCH = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "second": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "year": timedelta(days=365),
}


def _amount(given: object) -> object:
    return given.replace(",", "") if isinstance(given, str) else given


def _money(given: object) -> object:
    if not isinstance(given, str):
        return given
    amount, _, currency = given.strip().rpartition(" ")
    if not re.fullmatch(r"-?[\d,]+(\.\d+)?", amount):
        raise ValueError(f"{given!r} is no money; write amount and currency, such as 9,500.00 USD")
    return {"amount": amount.replace(",", ""), "currency": currency}


def _stretch(given: object) -> object:
    if isinstance(given, int | float | Decimal) and not isinstance(given, bool):
        return timedelta(seconds=float(given))
    if not isinstance(given, str):
        return given
    found = _STRETCH.findall(given.lower())
    if not found or _STRETCH.sub("", given.lower()).strip(" ,and"):
        raise ValueError(f"{given!r} is no stretch of time; write a number and a unit, such as 90 s, 5 minutes or 45 days")
    return sum((float(number) * _unit(unit, given) for number, unit in found), start=timedelta())


def _unit(name: str, given: str) -> timedelta:
    unit = _UNITS.get(name) or _UNITS.get(name.removesuffix("s"))
    if unit is None:
        raise ValueError(f"{given!r} has a unit nobody knows; write one of {', '.join(_UNITS)}")
    return unit


def spoken(stretch: timedelta) -> str:
    """A stretch of time in the largest unit that divides it."""
    for name in ("day", "hour", "minute", "second"):
        count, rest = divmod(stretch, _UNITS[name])
        if not rest and count:
            return f"{count} {name}{'s' if count != 1 else ''}"
    return f"{stretch.total_seconds():g} seconds"


Amount = Annotated[Decimal, BeforeValidator(_amount), WithJsonSchema({"type": ["number", "string"], "examples": ["60,000.00"]})]
MoneyText = Annotated[
    Money,
    BeforeValidator(_money),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["9,500.00 USD"]}),
]
Stretch = Annotated[
    timedelta,
    BeforeValidator(_stretch),
    WithJsonSchema({"type": ["number", "string"], "examples": ["90 s", "5 minutes", "45 days"]}),
]
