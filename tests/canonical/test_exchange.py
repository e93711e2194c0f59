"""Functional currency: balanced with its rounding line, settled by transaction currency, gains and losses to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import CurrencyMismatch, RuleBroken
from canonical.money import Money
from canonical.rules.exchange import (
    AdvancePolicy,
    Carried,
    FrozenRate,
    converted,
    functional,
    revenue_carried,
    settle,
    settlement_postings,
)
from canonical.rules.postings import Posting, booked
from tests.build import usd

EURO = FrozenRate(base="EUR", quoted="USD", rate=Decimal("1.0500"), source="ECB")


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def cny(amount: str | int) -> Money:
    return Money.of(amount, "CNY")


def at(rate: int) -> FrozenRate:
    return FrozenRate(base="USD", quoted="CNY", rate=Decimal(rate))


def test_s12_books_the_cent_on_7010() -> None:
    charges = [Posting.credit("4000", eur("52.50"))] * 3
    document = [Posting.debit("1100", eur("187.43")), *charges, Posting.credit("2200", eur("29.93"))]
    lines = functional(document, EURO)
    assert {(line.account, line.amount) for line in lines} == {
        ("1100", usd("196.80")),
        ("7010", usd("0.01")),
        ("4000", usd("-165.38")),
        ("2200", usd("-31.43")),
    }
    assert booked("INV-1", "US01", date(2026, 4, 30), lines).lines


def test_s13_monetary_advance_loses_200_and_leaves_100_dollars_open() -> None:
    settled = settle(Carried.at(usd(200), at(8)), Carried.at(usd(100), at(6)))
    assert (settled.open_receivable.amount, settled.open_receivable.carried_at) == (usd(100), cny(800))
    assert settled.gain == cny(-200)
    journal = booked("APPLY-1", "CN01", date(2026, 4, 30), settlement_postings(settled, "2350"))
    assert [(line.account, line.debit, line.credit) for line in journal.lines] == [
        ("2350", cny(600), None),
        ("7000", cny(200), None),
        ("1100", None, cny(800)),
    ]


def test_s13_non_monetary_advance_keeps_its_rate_in_revenue() -> None:  # IFRIC 22
    advance = Carried.at(usd(100), at(6))
    assert revenue_carried(usd(200), at(8), advance, AdvancePolicy.NON_MONETARY) == cny(1400)
    assert revenue_carried(usd(200), at(8), advance, AdvancePolicy.MONETARY) == cny(1600)
    assert revenue_carried(usd(200), at(8), None, AdvancePolicy.NON_MONETARY) == cny(1600)


def test_s07_in_its_own_currency_has_no_gain() -> None:
    owed = Carried.at(Money.of(48_000, "GBP"), None)
    settled = settle(owed, Carried.at(Money.of(40_000, "GBP"), None))
    assert settled.gain.is_zero
    assert settled.open_receivable.amount == Money.of(8_000, "GBP")


def test_a_credit_at_the_invoices_frozen_rate_takes_back_what_it_booked() -> None:  # S07
    invoice = [Posting.debit("1100", eur("187.43")), Posting.credit("4000", eur("157.50")), Posting.credit("2200", eur("29.93"))]
    credit = [one.changed(amount=-one.amount) for one in invoice]
    booked_at = {one.account: one.amount for one in functional(invoice, EURO)}
    assert {one.account: -one.amount for one in functional(credit, EURO)} == booked_at


def test_a_rate_converts_its_own_two_currencies_only() -> None:
    assert converted(usd("105.00"), EURO) == eur("100.00")
    with pytest.raises(CurrencyMismatch):
        converted(Money.of(1, "GBP"), EURO)


def test_nothing_settles_nothing() -> None:
    settled = settle(Carried.at(usd(200), at(8)), Carried.at(usd(0), at(6)))
    assert (settled.gain, settled.open_receivable) == (cny(0), Carried.at(usd(200), at(8)))


def test_more_than_is_open_cannot_be_settled() -> None:
    with pytest.raises(RuleBroken):
        Carried.at(usd(1), None).relieve(usd(2))


CENTS = st.integers(1, 10**9)
RATES = st.decimals("0.001", 100, places=4)


@given(st.lists(st.tuples(st.sampled_from(["4000", "4010", "2200"]), CENTS), min_size=1, max_size=6), RATES)
def test_converted_documents_balance_and_are_off_by_half_a_cent_a_line(parts: list[tuple[str, int]], rate: Decimal) -> None:
    credits = [Posting.credit(account, Money.from_minor_units(units, "EUR")) for account, units in parts]
    total = Money.sum((-one.amount for one in credits), "EUR")
    lines = functional([Posting.debit("1100", total), *credits], EURO.changed(rate=rate))
    assert Money.sum((line.amount for line in lines), "USD").is_zero
    off = sum((abs(line.amount.amount) for line in lines if line.account == "7010"), Decimal(0))
    assert off <= Decimal("0.005") * (len({account for account, _ in parts}) + 1)


@given(CENTS, RATES, RATES, st.lists(st.integers(1, 10**8), min_size=1, max_size=6))
def test_settling_in_parts_relieves_exactly_what_was_carried(owed: int, then: Decimal, now: Decimal, paid: list[int]) -> None:
    opened = open_item = Carried.at(Money.from_minor_units(owed, "EUR"), EURO.changed(rate=then))
    relieved = Money.zero("USD")
    for units in [*paid, owed]:
        if open_item.amount.is_zero:
            break
        settled = settle(open_item, Carried.at(Money.from_minor_units(units, "EUR"), EURO.changed(rate=now)))
        postings = settlement_postings(settled, "1000")
        assert Money.sum((one.amount for one in postings), "USD").is_zero
        open_item, relieved = settled.open_receivable, relieved + settled.receivable.carried_at
    assert open_item.amount.is_zero and open_item.carried_at.is_zero
    assert relieved == opened.carried_at


@given(CENTS, RATES)
def test_there_and_back_is_the_same_where_the_rate_is_not_tiny(units: int, rate: Decimal) -> None:
    quote, amount = EURO.changed(rate=max(rate, Decimal(1))), Money.from_minor_units(units, "EUR")
    assert converted(converted(amount, quote), quote) == amount
