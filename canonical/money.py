"""Exact amounts of money: the only rounding, and splits that lose nothing."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Self

import pycountry
from babel.numbers import get_currency_precision
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, field_validator

from canonical.errors import CurrencyMismatch, RuleBroken
from canonical.schema import trusted


@cache  # a firm has few currencies and very many amounts; what is refused is not kept
def _known_currency(code: str) -> str:
    if pycountry.currencies.get(alpha_3=code) is None:
        raise ValueError(f"{code!r} is not a currency of ISO 4217; write its three capital letters, such as EUR")
    return code


Currency = Annotated[str, AfterValidator(_known_currency)]


def _no_float(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("write the number as a text in quotes, such as '1.0500', never as a float")
    return value


Exact = Annotated[Decimal, BeforeValidator(_no_float)]
"""A number that is no money of itself (a rate, a quantity) and decides on money: as it was written, to the last digit."""


class Rounding(StrEnum):
    """How a last digit is rounded; an entity's policy chooses, commercial unless it says otherwise."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"


_MODES = {Rounding.HALF_UP: ROUND_HALF_UP, Rounding.HALF_EVEN: ROUND_HALF_EVEN, Rounding.UP: ROUND_UP}


@cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 for USD, 1 for JPY, 0.001 for KWD (ISO 4217 as in CLDR)."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


class Money(BaseModel):
    """An exact amount in one currency; sums of different currencies are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    amount: Decimal
    currency: Currency

    @field_validator("amount", mode="before")
    @classmethod
    def _no_floats(cls, value: object) -> object:
        if isinstance(value, float):
            raise ValueError("write money as a string or Decimal, never a float")
        return value

    @field_validator("amount")
    @classmethod
    def _finite(cls, value: Decimal) -> Decimal:
        if not value.is_finite():
            raise ValueError("an amount of money is a finite number")
        return value

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Self:
        """The amount in that currency."""
        return cls(amount=Decimal(amount), currency=currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in that currency."""
        return cls(amount=Decimal(0), currency=currency)

    @classmethod
    def sum(cls, amounts: Iterable[Self], currency: str) -> Self:
        """The total; nothing in that currency when there are none."""
        return sum(amounts, start=cls.zero(currency))

    def __add__(self, other: Self) -> Self:
        return self._with(self.amount + self._same(other).amount)

    def __sub__(self, other: Self) -> Self:
        return self._with(self.amount - self._same(other).amount)

    def __mul__(self, factor: Decimal | int) -> Self:
        return self._with(self.amount * factor)

    def __neg__(self) -> Self:
        return self._with(-self.amount)

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: Self) -> bool:
        return self.amount <= self._same(other).amount

    def __gt__(self, other: Self) -> bool:
        return self.amount > self._same(other).amount

    def __ge__(self, other: Self) -> bool:
        return self.amount >= self._same(other).amount

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and self.currency == other.currency and self.amount == other.amount

    def __hash__(self) -> int:
        return hash((self.amount.normalize(), self.currency))

    def __str__(self) -> str:
        return f"{self.amount:,.{max(get_currency_precision(self.currency), self._digits())}f} {self.currency}"

    @property
    def is_zero(self) -> bool:
        """Whether there is no money in it."""
        return self.amount == 0

    @property
    def is_exact(self) -> bool:
        """Whether the amount has no more digits than its currency."""
        return self.amount == self.rounded().amount

    def rounded(self, how: Rounding = Rounding.HALF_UP) -> Self:
        """To the currency's minor unit: the one function that rounds money."""
        return self._with(self.amount.quantize(minor_unit(self.currency), rounding=_MODES[how]))

    def in_minor_units(self) -> int:
        """The amount as a whole number of cents (or what the currency has); refused when it does not fit."""
        units = self.amount / minor_unit(self.currency)
        if units != units.to_integral_value():
            raise RuleBroken(f"{self} has more digits than {self.currency}", remedy="Round the amount first.")
        return int(units)

    @classmethod
    def from_minor_units(cls, units: int, currency: str) -> Self:
        """The amount of that many cents."""
        return cls(amount=units * minor_unit(currency), currency=currency)

    def split(self, weights: Sequence[Decimal]) -> list[Self]:
        """Divide by weights, losing nothing: rounded down to the minor unit, the rest by largest remainder, ties in order.

        Works on amounts that fit the currency; a negative amount is split like its opposite.
        """
        if self.amount < 0:
            return [-part for part in (-self).split(weights)]
        total = sum(weights, Decimal(0))
        if not weights or any(weight < 0 for weight in weights) or total <= 0:
            raise RuleBroken(
                "Money can be split by weights that are not negative and not all zero", evidence={"weights": weights}
            )
        unit, units = minor_unit(self.currency), self.in_minor_units()
        shares = [units * weight / total for weight in weights]
        floors = [int(share.to_integral_value(ROUND_FLOOR)) for share in shares]
        by_remainder = sorted(range(len(weights)), key=lambda n: (floors[n] - shares[n], n))
        for n in by_remainder[: units - sum(floors)]:
            floors[n] += 1
        return [self._with(part * unit) for part in floors]

    def _with(self, amount: Decimal) -> Self:
        if not amount.is_finite():
            return type(self)(amount=amount, currency=self.currency)  # which refuses it
        return trusted(type(self), {"amount": amount, "currency": self.currency})

    def _same(self, other: Self) -> Self:
        if other.currency != self.currency:
            raise CurrencyMismatch(
                f"{self} and {other} cannot be combined", remedy="Convert one of them at a recorded rate first."
            )
        return other

    def _digits(self) -> int:
        exponent = self.amount.normalize().as_tuple().exponent
        return -exponent if isinstance(exponent, int) and exponent < 0 else 0
