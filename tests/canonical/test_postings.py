"""Journals: every event of the scenarios posts what the book says, and whatever happens debits equal credits."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import BillableKind
from canonical.errors import Unbalanced
from canonical.invoice import LineKind
from canonical.money import Money
from canonical.payment import Application, PaymentState
from canonical.rules.postings import (
    Chart,
    Posting,
    billed_over_time_postings,
    booked,
    breakage_postings,
    credit_postings,
    earned_postings,
    invoice_postings,
    moved_credit,
    payment_postings,
    refund_postings,
    write_off_postings,
)
from tests.build import usd
from tests.canonical.documents import APRIL_END, a_credit_memo, a_line, a_payment, an_invoice, sides


def gbp(amount: str | int) -> Money:
    return Money.of(amount, "GBP")


def the_sides(*wanted: tuple[str, str, str | int]) -> list[tuple[str, str, Decimal]]:
    return [(side, account, Decimal(amount)) for side, account, amount in wanted]


def test_s01_signing() -> None:
    signing = an_invoice(a_line(1, 24_000, Chart().billed_to(BillableKind.RETAINER)))
    assert sides(invoice_postings(signing)) == the_sides(("Dr", "1100", 24_000), ("Cr", "2350", 24_000))


def test_s01_april_and_month_end() -> None:
    april = an_invoice(
        a_line(1, "40000", "4010", line="L1"),
        a_line(2, "14062.50", "4000", line="L2"),
        a_line(3, "19470.00", "4000", line="L2"),
        a_line(4, "6000.00", "2300", line="L3"),
        a_line(5, "6300.00", "4000", line="L4"),
        a_line(6, "-6300.00", "2350", line="L4", kind=LineKind.RETAINER_DRAW),
    )
    assert sides(invoice_postings(april)) == the_sides(
        ("Dr", "1100", "79532.50"),
        ("Cr", "4010", 40_000),
        ("Cr", "4000", "33532.50"),
        ("Cr", "2300", 6_000),
        ("Cr", "4000", 6_300),
        ("Dr", "2350", 6_300),
    )
    month_end = earned_postings(usd(6_000), usd(6_000), Chart().earned_on(BillableKind.SUBSCRIPTION))
    assert sides(month_end) == the_sides(("Dr", "2300", 6_000), ("Cr", "4020", 6_000))


def test_s02_catch_up_is_an_asset_or_comes_out_of_what_was_billed_ahead() -> None:
    as_drafted = earned_postings(usd(15_000), usd(120_000) - usd(120_000), "4010")
    as_posted = earned_postings(usd(15_000), usd(180_000) - usd(120_000), "4010")
    assert sides(as_drafted) == the_sides(("Dr", "1150", 15_000), ("Cr", "4010", 15_000))
    assert sides(as_posted) == the_sides(("Dr", "2300", 15_000), ("Cr", "4010", 15_000))


def test_a_catch_up_that_uses_up_what_was_deferred_is_an_asset_beyond_it() -> None:
    postings = earned_postings(usd(15_000), usd(4_000), "4010")
    assert sides(postings) == the_sides(("Dr", "2300", 4_000), ("Dr", "1150", 11_000), ("Cr", "4010", 15_000))


def test_s03_credits_what_was_billed_ahead() -> None:
    postings = billed_over_time_postings(usd(-20_000), usd(120_000) - usd(90_000), "CUST-ACME")
    assert sides(postings) == the_sides(("Cr", "1100", 20_000), ("Dr", "2300", 20_000))


def test_s07_credit_rebill_and_what_becomes_of_the_customers_credit() -> None:
    taken_back = a_credit_memo(a_line(1, 40_000, currency="GBP"), tax=8_000, entity="UK01", customer="ACME-UK")
    assert sides(credit_postings(taken_back)) == the_sides(("Dr", "4000", 40_000), ("Dr", "2200", 8_000), ("Cr", "1100", 48_000))
    rebilled = an_invoice(a_line(1, 40_000, currency="GBP"), entity="UK01", customer="ACME-IE")
    assert sides(invoice_postings(rebilled)) == the_sides(("Dr", "1100", 40_000), ("Cr", "4000", 40_000))
    moved = moved_credit(gbp(40_000), "ACME-UK", "ACME-IE")
    assert [(one.customer, one.amount) for one in moved] == [("ACME-UK", gbp(40_000)), ("ACME-IE", gbp(-40_000))]
    everything = [*credit_postings(taken_back), *invoice_postings(rebilled), *moved, *refund_postings(gbp(8_000), "ACME-UK")]
    of_revenue = Money.sum((one.amount for one in everything if one.account == "4000"), "GBP")
    of_britain = Money.sum((one.amount for one in everything if one.customer == "ACME-UK"), "GBP")
    assert of_revenue.is_zero
    assert of_britain.is_zero  # credited 48,000, of which 40,000 moved and 8,000 were paid back


def test_s08_restores_the_retainer() -> None:
    memo = a_credit_memo(a_line(1, 10_000), a_line(2, -1_000, "2350", kind=LineKind.RETAINER_DRAW))
    assert sides(credit_postings(memo)) == the_sides(("Dr", "4000", 10_000), ("Cr", "2350", 1_000), ("Cr", "1100", 9_000))


def test_s09_breakage_and_a_write_off() -> None:
    assert sides(breakage_postings(usd(500), "CUST-1")) == the_sides(("Dr", "2350", 500), ("Cr", "4910", 500))
    assert sides(write_off_postings(usd(500), "CUST-ACME")) == the_sides(("Dr", "6900", 500), ("Cr", "1100", 500))


def test_s27_is_posted_in_may() -> None:
    may = APRIL_END.replace(month=5, day=12)
    late = an_invoice(a_line(1, "1650"), accounting_date=may, is_prior_period=True)
    journal = booked(late.reference, late.entity, late.accounting_date, invoice_postings(late))
    assert (journal.accounting_date, journal.lines[0].debit) == (may, usd(1650))


def withheld(cash: int, tax: int, certificate: str) -> Any:
    application = Application(target_id="INV", amount=usd(cash), withheld=usd(tax), certificate=certificate)
    return a_payment(cash, applications=(application,))


@pytest.mark.parametrize(
    ("payment", "posted"),
    [
        (a_payment(4_000, ("INV", 4_000)), [("Dr", "1000", 4_000), ("Cr", "1100", 4_000)]),
        (withheld(9_000, 1_000, "WHT-7"), [("Dr", "1000", 9_000), ("Dr", "1120", 1_000), ("Cr", "1100", 10_000)]),
        (withheld(9_000, 1_000, ""), [("Dr", "1000", 9_000), ("Cr", "1100", 9_000)]),
        (a_payment(10_500, ("INV", 10_000)), [("Dr", "1000", 10_500), ("Cr", "1100", 10_500)]),
        (a_payment(4_000, ("INV", 4_000), state=PaymentState.BOUNCED), [("Cr", "1000", 4_000), ("Dr", "1100", 4_000)]),
    ],
)
def test_s28_payments(payment: Any, posted: list[tuple[str, str, int]]) -> None:
    assert sides(payment_postings(payment)) == the_sides(*posted)


def test_what_does_not_balance_is_refused() -> None:
    with pytest.raises(Unbalanced):
        booked("J", "US01", APRIL_END, [Posting.debit("1100", usd(10)), Posting.credit("4000", usd(9))])


LINES = st.lists(
    st.tuples(st.integers(-(10**8), 10**8), st.sampled_from(["4000", "4010", "2300", "2350"])), min_size=1, max_size=8
)


@given(LINES, st.integers(0, 10**7))
def test_an_invoice_and_its_whole_credit_balance_and_cancel_out(parts: list[tuple[int, str]], tax: int) -> None:
    lines = [a_line(n, str(Decimal(units).scaleb(-2)), account) for n, (units, account) in enumerate(parts)]
    amount = str(Decimal(tax).scaleb(-2))
    invoiced = invoice_postings(an_invoice(*lines, tax=amount))
    credited = credit_postings(a_credit_memo(*lines, tax=amount))
    assert Money.sum((one.amount for one in invoiced), "USD").is_zero
    for account in {one.account for one in invoiced}:
        assert Money.sum((one.amount for one in [*invoiced, *credited] if one.account == account), "USD").is_zero


@given(st.lists(st.tuples(st.booleans(), st.integers(-(10**8), 10**8)), max_size=12))
def test_asset_and_liability_are_always_the_net_position(events: list[tuple[bool, int]]) -> None:
    position, held = usd(0), dict[str, Money]()
    for is_billing, units in events:
        amount = Money.from_minor_units(units, "USD")
        made = billed_over_time_postings(amount, position, "C") if is_billing else earned_postings(amount, position, "4010")
        assert Money.sum((one.amount for one in made), "USD").is_zero
        position = position + amount if is_billing else position - amount
        for one in made:
            held[one.account] = held.get(one.account, usd(0)) + one.amount
    nothing = usd(0)
    assert held.get("2300", nothing) == -max(position, nothing)
    assert held.get("1150", nothing) == max(-position, nothing)
