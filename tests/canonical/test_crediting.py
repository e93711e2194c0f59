"""Crediting: exactly the named allocations, never more than stands billed, and every balance comes back."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import Balance, CreditDisposition
from canonical.errors import Rejected
from canonical.invoice import CreditedAllocation
from canonical.money import Money
from canonical.rules.balances import credited
from canonical.rules.crediting import (
    Allocation,
    adjust_price,
    credit_amount,
    credit_quantity,
    credit_whole,
    in_proportion,
)
from tests.build import usd

REOPENED, WRITTEN_OFF = CreditDisposition.REOPENED, CreditDisposition.WRITTEN_OFF


def an_allocation(number: int, amount: str | int, quantity: str, **changes: Any) -> Allocation:
    facts: dict[str, Any] = {
        "number": number,
        "billable": f"kantata.{number}",
        "invoice": "INV-1",
        "line": 1,
        "amount": usd(amount),
        "quantity": Decimal(quantity),
        "credited": usd(0),
    }
    return Allocation(**{**facts, **changes})


def billed(amount: str | int) -> Balance:
    return Balance(approved=usd(amount), billed=usd(amount), credited=usd(0), closed=usd(0))


def test_s06_reopens_exactly_the_entry_that_was_credited() -> None:
    june, july = an_allocation(1, 900, "4.5"), an_allocation(2, 700, "3.5")
    (taken,) = credit_whole([july], REOPENED)
    assert (taken.allocation, taken.amount, taken.quantity) == (2, usd(700), Decimal("3.5"))
    balances = {june.number: billed(900), july.number: credited(billed(700), taken.amount, REOPENED)}
    new = Balance(approved=usd(200), billed=usd(0), credited=usd(0), closed=usd(0))
    to_bill = Money.sum((one.open for one in (*balances.values(), new)), "USD")
    assert to_bill == usd(900)
    assert usd(1600) - taken.amount + to_bill == usd(1800)


def test_s16_credits_1400_of_the_disputed_2400_and_writes_it_off() -> None:
    disputed = [an_allocation(1, 1600, "8"), an_allocation(2, 800, "4")]
    for taken in (credit_quantity(disputed, Decimal(7), WRITTEN_OFF), credit_amount(disputed, usd(1400), WRITTEN_OFF)):
        assert [(one.allocation, one.amount, one.quantity) for one in taken] == [(1, usd(1400), Decimal(7))]
    after = credited(billed(1600), usd(1400), WRITTEN_OFF)
    assert (after.net, after.open) == (usd(200), usd(0))


def test_a_credit_goes_on_into_the_next_allocation() -> None:
    disputed = [an_allocation(1, 1600, "8"), an_allocation(2, 800, "4")]
    taken = credit_quantity(disputed, Decimal(10), REOPENED)
    assert [(one.allocation, one.amount, one.quantity) for one in taken] == [
        (1, usd(1600), Decimal(8)),
        (2, usd(400), Decimal(2)),
    ]


def test_s08_whole_credit_returns_the_whole_draw_and_parts_add_up_to_it() -> None:
    assert in_proportion(usd(1_000), usd(0), usd(10_000), usd(10_000)) == usd(1_000)
    first = in_proportion(usd(1_000), usd(0), usd("3333.33"), usd(10_000))
    second = in_proportion(usd(1_000), usd("3333.33"), usd("6666.67"), usd(10_000))
    assert (first, first + second) == (usd("333.33"), usd(1_000))
    assert in_proportion(usd(0), usd(0), usd(0), usd(0)) == usd(0)


def test_a_price_adjustment_takes_money_and_no_hours_and_is_not_billed_again() -> None:  # S05 variant
    (taken,) = adjust_price([(an_allocation(1, 18_000, "80"), usd(1_200))])
    assert (taken.quantity, taken.disposition) == (Decimal(0), CreditDisposition.PRICE_ADJUSTMENT)
    assert credited(billed(18_000), usd(1_200), taken.disposition).open == usd(0)


@pytest.mark.parametrize("amount", ["0", "-1", "900.01"])
def test_more_than_stands_billed_or_nothing_is_refused(amount: str) -> None:
    one = an_allocation(1, 900, "4.5")
    with pytest.raises(Rejected) as refusal:
        credit_amount([one], usd(amount), REOPENED)
    assert refusal.value.specific_code == "CREDIT_ABOVE_BILLED"
    with pytest.raises(Rejected):
        adjust_price([(one, usd(amount))])
    with pytest.raises(Rejected):
        credit_quantity([one], Decimal(amount), REOPENED)


def test_what_is_credited_already_is_not_credited_again() -> None:
    done = an_allocation(1, 900, "4.5", credited=usd(900), credited_quantity=Decimal("4.5"))
    assert credit_whole([done], REOPENED) == ()


ALLOCATIONS = st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 10**4)), min_size=1, max_size=6).map(
    lambda parts: [
        an_allocation(n, str(Decimal(units).scaleb(-2)), str(Decimal(hours).scaleb(-2))) for n, (units, hours) in enumerate(parts)
    ]
)


def after(allocations: list[Allocation], taken: tuple[CreditedAllocation, ...]) -> list[Allocation]:
    by_number = {one.allocation: one for one in taken}
    return [
        one.changed(
            credited=one.credited + by_number[one.number].amount,
            credited_quantity=one.credited_quantity + by_number[one.number].quantity,
        )
        if one.number in by_number
        else one
        for one in allocations
    ]


@given(ALLOCATIONS, st.lists(st.decimals("0.01", "0.99", places=2), max_size=4))
def test_credits_in_parts_and_then_whole_take_exactly_what_was_billed(
    allocations: list[Allocation], shares: list[Decimal]
) -> None:
    whole = Money.sum((one.amount for one in allocations), "USD")
    hours = sum((one.quantity for one in allocations), Decimal(0))
    for share in shares:
        standing = Money.sum((one.standing for one in allocations), "USD")
        part = (standing * share).rounded()
        if not part.is_zero:
            allocations = after(allocations, credit_amount(allocations, part, REOPENED))
        assert all(usd(0) <= one.standing <= one.amount for one in allocations)
        assert all(0 <= one.standing_quantity <= one.quantity for one in allocations)
    allocations = after(allocations, credit_whole(allocations, REOPENED))
    assert Money.sum((one.credited for one in allocations), "USD") == whole
    if all(one.standing_quantity == 0 for one in allocations):
        assert sum((one.credited_quantity for one in allocations), Decimal(0)) == hours


@given(st.integers(0, 10**7), st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
def test_tax_credited_in_parts_is_the_tax(tax: int, parts: list[int]) -> None:
    whole, gross = Money.from_minor_units(tax, "USD"), Money.from_minor_units(sum(parts), "USD")
    before, returned = usd(0), usd(0)
    for units in parts:
        part = Money.from_minor_units(units, "USD")
        returned, before = returned + in_proportion(whole, before, part, gross), before + part
    assert returned == whole
