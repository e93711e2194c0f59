"""Receivables: exposure after each payment, every item in one bucket, disputes kept out of dunning."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.money import Money
from canonical.payment import Application, Payment, PaymentState
from canonical.rules.aging import OpenItem, buckets, exposure, to_dun
from tests.build import usd
from tests.canonical.documents import a_payment

CERTIFIED = Application(target_id="INV", amount=usd(9_000), withheld=usd(1_000), certificate="WHT-7")


@pytest.mark.parametrize(
    ("payment", "left", "credit"),
    [
        (a_payment(4_000, ("INV", 4_000)), 6_000, 0),
        (a_payment(9_000, applications=(CERTIFIED,)), 0, 0),
        (a_payment(10_500, ("INV", 10_000)), 0, 500),
        (a_payment(10_500, ("INV", 10_500)), 0, 500),
        (a_payment(4_000, ("INV", 4_000), state=PaymentState.BOUNCED), 10_000, 0),
    ],
)
def test_s28_after_each_payment(payment: Payment, left: int, credit: int) -> None:
    shown = exposure({"INV": usd(10_000)}, [payment], "USD")
    assert (shown.open, shown.credit, shown.parked) == (usd(left), usd(credit), usd(0))


def test_a_payment_before_its_invoice_is_parked_and_applies_when_it_comes() -> None:  # S21, S28
    early = a_payment(4_000, ("INV", 4_000))
    assert exposure({}, [early], "USD").parked == usd(4_000)
    shown = exposure({"INV": usd(10_000)}, [early], "USD")
    assert (shown.open, shown.parked) == (usd(6_000), usd(0))


def test_s16_shows_2400_disputed_and_duns_nothing() -> None:
    shown = exposure({"INV": usd(15_000)}, [a_payment(12_600, ("INV", 12_600))], "USD", disputed=usd(2_400))
    assert (shown.open, shown.disputed) == (usd(2_400), usd(2_400))
    item = OpenItem(reference="INV", due=date(2026, 5, 1), open=usd(2_400), disputed=usd(2_400))
    assert to_dun([item], date(2026, 7, 1)) == []
    partly = item.changed(disputed=usd(1_400))
    assert to_dun([partly], date(2026, 7, 1)) == [partly] and partly.undisputed == usd(1_000)
    assert to_dun([partly], date(2026, 5, 1)) == []


@pytest.mark.parametrize(
    ("days", "above"), [(-5, None), (0, None), (1, 0), (30, 0), (31, 30), (60, 30), (90, 60), (91, 90), (999, 90)]
)
def test_each_age_has_its_bucket(days: int, above: int | None) -> None:
    due = date(2026, 5, 1)
    aged = buckets([OpenItem(reference="INV", due=due, open=usd(10))], due + timedelta(days=days), "USD")
    assert [bucket.above for bucket in aged if not bucket.amount.is_zero] == [above]
    assert [bucket.up_to for bucket in aged] == [0, 30, 60, 90, None]


@given(st.lists(st.tuples(st.integers(-100, 400), st.integers(0, 10**8)), max_size=12))
def test_the_buckets_hold_everything_once(items: list[tuple[int, int]]) -> None:
    today = date(2026, 7, 1)
    owed = [
        OpenItem(reference=f"I{n}", due=today - timedelta(days=days), open=Money.from_minor_units(units, "USD"))
        for n, (days, units) in enumerate(items)
    ]
    total = Money.sum((item.open for item in owed), "USD")
    assert Money.sum((bucket.amount for bucket in buckets(owed, today, "USD")), "USD") == total


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 20_000), st.booleans()), max_size=8), st.randoms())
def test_exposure_loses_no_money_and_does_not_depend_on_order(paid: list[tuple[int, int, bool]], chance: Any) -> None:
    invoiced = {"1": usd(10_000), "2": usd(5_000)}
    payments = [
        a_payment(amount + 7, (str(target), amount), state=PaymentState.BOUNCED if bounced else PaymentState.RECEIVED)
        for target, amount, bounced in paid
    ]
    shown = exposure(invoiced, payments, "USD")
    received = Money.sum((one.amount for one in payments if one.state is PaymentState.RECEIVED), "USD")
    assert usd(15_000) - shown.open + shown.credit + shown.parked == received
    chance.shuffle(payments)
    assert exposure(invoiced, payments, "USD") == shown
