"""Caps and purchase orders: billed up to the limit, the rest a finding with its money, nothing lost between them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import RuleBroken
from canonical.money import Money
from canonical.rules.caps import Limit, LimitKind, allow
from canonical.rules.charge import Charge
from tests.build import usd
from tests.canonical.charges import a_charge, some_charges, time


def an_order(amount: str | int = 60_000, used: str | int = 52_000, tolerance: str | None = None) -> Limit:
    return Limit(
        kind=LimitKind.PURCHASE_ORDER,
        reference="4500-1",
        amount=usd(amount),
        used=usd(used),
        tolerance=usd(tolerance) if tolerance else None,
    )


def test_s14_bills_8000_and_finds_1500() -> None:
    allowed = allow([time(f"kantata.{n}", "10", 190) for n in range(5)], an_order())
    assert allowed.total == usd(8000)
    assert allowed.finding is not None
    assert (allowed.finding.code, allowed.finding.money, allowed.finding.subject) == ("PO_EXHAUSTED", usd(1500), "4500-1")


def test_s05_variant_bills_2000_and_finds_287_50() -> None:
    cap = Limit(kind=LimitKind.CAP, reference="L2", amount=usd(50_000), used=usd(48_000))
    allowed = allow([a_charge("2287.50")], cap)
    assert allowed.total == usd(2000)
    assert allowed.finding is not None
    assert (allowed.finding.code, allowed.finding.money) == ("CAP_EXCEEDED", usd("287.50"))
    assert "higher cap" in allowed.finding.remedy and "cap of L2" in allowed.finding.sentence


@pytest.mark.parametrize(
    ("wanted", "billed"), [("8000.99", "8000.99"), ("8001.00", "8000.00"), ("9500", "8000.00"), ("7999", "7999")]
)
def test_a_tolerance_lets_a_small_excess_pass_whole_and_is_no_higher_limit(wanted: str, billed: str) -> None:  # S14
    assert allow([a_charge(wanted)], an_order(tolerance="0.99")).total == usd(billed)


def test_a_tolerance_is_used_once() -> None:
    assert allow([a_charge("0.30")], an_order(used="60000.50", tolerance="0.99")).total is None


def test_an_exhausted_order_bills_nothing_and_within_it_everything_goes() -> None:
    spent = allow([a_charge(100)], an_order(used=60_000))
    assert (spent.total, spent.finding and spent.finding.money) == (None, usd(100))
    assert allow([a_charge(100)], an_order()).finding is None


def test_what_is_given_back_is_not_judged() -> None:
    with pytest.raises(RuleBroken):
        allow([a_charge("-1")], an_order())


def test_what_costs_nothing_finds_room_even_on_an_exhausted_order() -> None:
    allowed = allow([a_charge(0)], an_order(used=60_000))
    assert (allowed.total, allowed.withheld, allowed.finding) == (usd(0), (), None)


def test_the_charge_on_the_edge_is_billed_in_part_and_keeps_its_item() -> None:
    (first,), (rest,) = (lambda one: (one.billed, one.withheld))(allow([time("kantata.1", "10", 950)], an_order()))
    assert (first.amount, first.quantity) == (usd(8000), Decimal("8.421053"))
    assert (rest.amount, first.quantity + rest.quantity) == (usd(1500), Decimal(10))
    assert first.billable == rest.billable


@given(some_charges(), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 99), st.randoms())
def test_billed_and_withheld_are_what_was_wanted_in_any_order(
    charges: list[Charge], limit: int, used: int, tolerated: int, chance: object
) -> None:
    order = Limit(
        kind=LimitKind.PURCHASE_ORDER,
        reference="PO",
        amount=Money.from_minor_units(limit, "USD"),
        used=Money.from_minor_units(used, "USD"),
        tolerance=Money.from_minor_units(tolerated, "USD"),
    )
    allowed = allow(charges, order)
    wanted = Money.sum((one.amount for one in charges), "USD")
    billed = Money.sum((one.amount for one in allowed.billed), "USD")
    withheld = Money.sum((one.amount for one in allowed.withheld), "USD")
    assert billed + withheld == wanted
    assert billed <= order.room + usd("0.99")
    assert (allowed.finding.money if allowed.finding else usd(0)) == withheld
    assert all(one.amount.amount >= 0 and one.amount.is_exact for one in (*allowed.billed, *allowed.withheld))
    hours = sum((one.quantity for one in (*allowed.billed, *allowed.withheld)), Decimal(0))
    assert hours == sum((one.quantity for one in charges), Decimal(0))
    shuffled = list(charges)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert allow(shuffled, order) == allowed
