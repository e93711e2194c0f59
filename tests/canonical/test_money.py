"""Money: exact, rounded in one way, split without loss."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.errors import CurrencyMismatch, RuleBroken
from canonical.money import Money, Rounding, minor_unit

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "INR"])
UNITS = st.integers(min_value=-(10**12), max_value=10**12)
WEIGHTS = st.lists(st.decimals(min_value=0, max_value=1000, places=3), min_size=1, max_size=12).filter(any)


@given(UNITS, CURRENCIES, WEIGHTS)
def test_a_split_loses_nothing_and_is_fair_to_the_minor_unit(units: int, currency: str, weights: list[Decimal]) -> None:
    whole = Money.from_minor_units(units, currency)
    parts = whole.split(weights)
    assert Money.sum(parts, currency) == whole
    for part, weight in zip(parts, weights, strict=True):
        exact = whole.amount * weight / sum(weights)
        assert abs(part.amount - exact) < minor_unit(currency)
    assert whole.split(weights) == parts


@given(UNITS, CURRENCIES)
def test_minor_units_come_back(units: int, currency: str) -> None:
    assert Money.from_minor_units(units, currency).in_minor_units() == units


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6), CURRENCIES)
def test_rounding_is_within_half_a_unit_and_done_once(amount: Decimal, currency: str) -> None:
    rounded = Money(amount=amount, currency=currency).rounded()
    assert abs(rounded.amount - amount) <= minor_unit(currency) / 2
    assert rounded.rounded() == rounded
    assert rounded.is_exact


@given(UNITS, UNITS, UNITS, CURRENCIES)
def test_sums_do_not_depend_on_order(a: int, b: int, c: int, currency: str) -> None:
    x, y, z = (Money.from_minor_units(units, currency) for units in (a, b, c))
    assert (x + y) + z == x + (z + y)
    assert x - y == -(y - x)


def test_a_third_of_10000_01_follows_the_largest_remainder() -> None:  # S04 variant
    parts = Money.of("10000.01", "USD").split([Decimal(1)] * 3)
    assert [str(part.amount) for part in parts] == ["3333.34", "3333.34", "3333.33"]


def test_half_a_cent_goes_up_commercially_and_to_even_by_policy() -> None:
    half = Money.of("0.125", "USD")
    assert half.rounded().amount == Decimal("0.13")
    assert half.rounded(Rounding.HALF_EVEN).amount == Decimal("0.12")


def test_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        Money.of(1, "USD") + Money.of(1, "EUR")


@pytest.mark.parametrize("amount", [1.1, Decimal("NaN"), Decimal("Infinity"), "abc"])
def test_what_is_no_exact_amount_is_refused(amount: object) -> None:
    with pytest.raises(ValidationError):
        Money(amount=amount, currency="USD")  # type: ignore[arg-type]


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(ValidationError, match="ISO 4217"):
        Money.of(1, "XX1")


def test_more_digits_than_the_currency_has_do_not_become_cents() -> None:
    with pytest.raises(RuleBroken):
        Money.of("1.005", "USD").in_minor_units()


@pytest.mark.parametrize("weights", [[], [Decimal(0)], [Decimal(-1), Decimal(2)]])
def test_senseless_weights_are_refused(weights: list[Decimal]) -> None:
    with pytest.raises(RuleBroken):
        Money.of(10, "USD").split(weights)
