"""Retainers: drawn, topped up once, restored, broken by approval only."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import Rejected, RuleBroken
from canonical.money import Money
from canonical.rules.retainers import Pool, TopUp, break_unused, draw, expiry, fund, restore
from tests.build import usd


def a_pool(balance: int = 5_000, agreed: int = 20_000, **changes: object) -> Pool:
    facts = {"threshold": Decimal("0.20"), **changes}
    pool = Pool(reference="ENG-100.L4", agreed=usd(agreed), funded=usd(max(balance, agreed)), balance=usd(balance))
    return pool.changed(**facts)


def test_s01_leaves_17700() -> None:
    drawn = draw(a_pool(24_000, 24_000), usd(6_300))
    assert (drawn.drawn, drawn.receivable, drawn.pool.balance, drawn.top_up) == (usd(6_300), usd(0), usd(17_700), None)


def test_s09_draws_5000_bills_2850_and_asks_once_for_20000() -> None:
    drawn = draw(a_pool(), usd(7_850))
    assert (drawn.drawn, drawn.receivable, drawn.pool.balance) == (usd(5_000), usd(2_850), usd(0))
    assert drawn.top_up == TopUp(key="top_up/ENG-100.L4/1", amount=usd(20_000))
    again = draw(drawn.pool, usd(100))
    assert again.top_up is not None and again.top_up.key == drawn.top_up.key
    funded = fund(drawn.pool, usd(20_000))
    later = draw(funded, usd(17_000)).top_up
    assert later is not None and later.key == "top_up/ENG-100.L4/2"


@pytest.mark.parametrize(("demand", "asks"), [(15_999, False), (16_000, False), (16_001, True)])
def test_below_the_threshold_it_asks_as_the_ledger_does(demand: int, asks: bool) -> None:
    assert (draw(a_pool(20_000), usd(demand)).top_up is not None) is asks


def test_without_a_threshold_nothing_is_asked() -> None:
    assert draw(a_pool(threshold=None), usd(5_000)).top_up is None


def test_s08_brings_the_pool_back_to_5000() -> None:
    drawn = draw(a_pool(), usd(1_000))
    assert drawn.pool.balance == usd(4_000)
    assert restore(drawn.pool, usd(1_000)).balance == usd(5_000)


def test_a_top_up_is_funding_that_a_credit_may_restore_up_to() -> None:
    topped_up = fund(draw(a_pool(20_000), usd(17_000)).pool, usd(20_000))
    assert (topped_up.funded, topped_up.balance, topped_up.fundings) == (usd(40_000), usd(23_000), 2)
    assert restore(topped_up, usd(17_000)).balance == usd(40_000)


def test_a_pool_never_holds_more_than_it_was_funded_with() -> None:
    with pytest.raises(RuleBroken):
        restore(a_pool(20_000), usd(1))
    with pytest.raises(RuleBroken):
        draw(a_pool(), usd(-1))


EXPIRY = date(2027, 4, 1)


def test_expiry_asks_and_only_an_approval_breaks() -> None:  # S09
    pool = a_pool(expires_on=EXPIRY)
    assert expiry(pool, date(2027, 3, 31)) is None
    finding = expiry(pool, EXPIRY)
    assert finding is not None
    assert (finding.code, finding.money) == ("RETAINER_EXPIRED", usd(5_000))
    with pytest.raises(Rejected) as refusal:
        break_unused(pool, EXPIRY, approved_by="")
    assert refusal.value.specific_code == "BREAKAGE_NOT_APPROVED"
    with pytest.raises(Rejected):
        break_unused(pool, date(2027, 3, 31), approved_by="cora")
    emptied, breakage = break_unused(pool, EXPIRY, approved_by="cora")
    assert (emptied.balance, breakage) == (usd(0), usd(5_000))
    assert expiry(emptied, EXPIRY) is None


@given(st.integers(0, 10**7), st.lists(st.integers(0, 10**6), max_size=12))
def test_draws_and_their_restoring_return_every_cent(balance: int, demands: list[int]) -> None:
    whole = Money.from_minor_units(balance, "USD")
    start = pool = Pool(reference="R", agreed=whole, funded=whole, balance=whole, threshold=Decimal("0.20"))
    taken = []
    for units in demands:
        demand = Money.from_minor_units(units, "USD")
        drawn = draw(pool, demand)
        assert drawn.drawn + drawn.receivable == demand
        assert drawn.receivable.is_zero or drawn.pool.balance.is_zero
        pool = drawn.pool
        taken.append(drawn.drawn)
    assert pool.balance + Money.sum(taken, "USD") == whole
    for amount in reversed(taken):
        pool = restore(pool, amount)
    assert pool == start
