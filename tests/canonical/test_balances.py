"""Balances: no order of billing and crediting breaks U1, and credit then rebill returns every balance."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import Balance, CreditDisposition
from canonical.errors import Rejected
from canonical.money import Money
from canonical.rules.balances import billed, credited
from tests.build import usd


def approved(amount: Money) -> Balance:
    nothing = Money.zero(amount.currency)
    return Balance(approved=amount, billed=nothing, credited=nothing, closed=nothing)


@pytest.mark.parametrize("amount", ["0", "-1", "900.01"])
def test_nothing_and_too_much_are_refused(amount: str) -> None:
    with pytest.raises(Rejected) as refusal:
        billed(approved(usd(900)), usd(amount))
    assert refusal.value.specific_code == "BILLED_ABOVE_BALANCE"
    with pytest.raises(Rejected) as refusal:
        credited(billed(approved(usd(900)), usd(900)), usd(amount), CreditDisposition.REOPENED)
    assert refusal.value.specific_code == "CREDITED_ABOVE_BALANCE"


def test_billing_twice_changes_nothing() -> None:
    once = billed(approved(usd(900)), usd(900))
    with pytest.raises(Rejected):
        billed(once, usd(900))
    assert once.open == usd(0)


@pytest.mark.parametrize(
    ("disposition", "open_again"),
    [(CreditDisposition.REOPENED, 700), (CreditDisposition.WRITTEN_OFF, 0), (CreditDisposition.PRICE_ADJUSTMENT, 0)],
)
def test_only_a_reopened_credit_may_be_billed_again(disposition: CreditDisposition, open_again: int) -> None:  # S06, S16
    after = credited(billed(approved(usd(700)), usd(700)), usd(700), disposition)
    assert (after.net, after.open) == (usd(0), usd(open_again))


@given(st.integers(1, 10**9))
def test_credit_then_rebill_returns_the_balance(units: int) -> None:
    amount = Money.from_minor_units(units, "USD")
    once = billed(approved(amount), amount)
    again = billed(credited(once, amount, CreditDisposition.REOPENED), amount)
    assert (again.net, again.open, again.closed) == (once.net, once.open, once.closed)


MOVES = st.tuples(st.decimals("0.01", "1.50", places=2), st.sampled_from([None, *CreditDisposition]))


@given(st.integers(1, 10**7), st.lists(MOVES, max_size=10))
def test_no_order_of_moves_breaks_u1(units: int, moves: list[tuple[Decimal, CreditDisposition | None]]) -> None:
    amount = Money.from_minor_units(units, "USD")
    balance = approved(amount)
    for share, disposition in moves:
        part = (amount * share).rounded()
        before = balance
        try:
            balance = billed(balance, part) if disposition is None else credited(balance, part, disposition)
        except Rejected:
            assert balance == before
        assert usd(0) <= balance.net <= balance.approved
        assert usd(0) <= balance.open
        assert balance.net + balance.open + balance.closed == balance.approved
