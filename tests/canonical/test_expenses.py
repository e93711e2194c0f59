"""Expenses: cost without recoverable tax, the policy's cap, the markup; nothing of the cost is lost."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import Billable
from canonical.exception import Finding
from canonical.money import Money
from canonical.rules.exchange import FrozenRate
from canonical.rules.expenses import ExpensePolicy, frozen_on, pass_on, rate_expense, told_of
from canonical.rules.taxation import Taxable, taxes
from canonical.time_entry import ExpenseItem
from tests.canonical.test_entry_checks import an_expense
from tests.canonical.test_rating import PLACE


def eur(amount: str | int) -> Money:
    return Money.of(amount, "EUR")


EUROS = PLACE.changed(currency="EUR", entity="DE01")
TEN_PERCENT = ExpensePolicy(markup=Decimal("0.10"))


def receipt(**changes: object) -> ExpenseItem:
    return an_expense(**{"amount": eur("1190.00"), "tax": eur("190.00"), **changes})


def test_s26_to_the_cent() -> None:
    item = rate_expense(receipt(), EUROS, TEN_PERCENT)
    assert isinstance(item, Billable)
    assert item.amount == eur("1100.00")
    assert item.evidence == {"cost": "1,000.00 EUR"}
    assert taxes([Taxable(amount=item.amount, rate=Decimal("0.19"))]) == [eur("209.00")]


@pytest.mark.parametrize(
    ("cap", "bill", "non_billable"), [("1000", "1100", "0"), ("600", "660", "400"), ("2000", "1100", "0"), ("0", "0", "1000")]
)
def test_above_the_cap_the_cost_is_split(cap: str, bill: str, non_billable: str) -> None:
    passed = pass_on(receipt(), TEN_PERCENT.changed(cap=eur(cap)))
    assert (passed.cost, passed.bill, passed.non_billable_cost) == (eur(1000), eur(bill), eur(non_billable))


def test_what_the_firm_bears_is_told_with_the_item() -> None:
    item = rate_expense(receipt(purchase_order="SUB-1"), EUROS, TEN_PERCENT.changed(cap=eur(600)))
    assert isinstance(item, Billable)
    assert item.evidence == {"cost": "1,000.00 EUR", "non_billable": "400.00 EUR", "purchase_order": "SUB-1"}


def test_what_is_not_billable_is_cost_only() -> None:
    assert rate_expense(receipt(is_billable=False), EUROS, TEN_PERCENT) is None
    assert pass_on(receipt(is_billable=False), TEN_PERCENT).non_billable_cost == eur(1000)


def test_another_currency_needs_a_recorded_rate() -> None:
    finding = rate_expense(receipt(), PLACE, TEN_PERCENT)
    assert isinstance(finding, Finding)
    assert (finding.code, finding.money) == ("EXCHANGE_RATE_MISSING", eur(1190))
    quote = FrozenRate(base="EUR", quoted="USD", rate=Decimal("1.0800"))
    item = rate_expense(receipt(), PLACE, TEN_PERCENT, quote=quote)
    assert isinstance(item, Billable)
    assert item.amount == Money.of("1188.00", "USD")


CENTS = st.integers(1, 10**8)


@given(CENTS, st.integers(0, 100), st.decimals(0, 1, places=3), st.none() | st.integers(0, 10**8))
def test_cost_is_billable_plus_borne_and_the_markup_is_on_what_is_billable(
    cents: int, tax_percent: int, markup: Decimal, cap: int | None
) -> None:
    amount = Money.from_minor_units(cents, "EUR")
    tax = Money.from_minor_units(cents * tax_percent // 100, "EUR")
    policy = ExpensePolicy(markup=markup, cap=None if cap is None else Money.from_minor_units(cap, "EUR"))
    passed = pass_on(receipt(amount=amount, tax=tax), policy)
    assert passed.billable_cost + passed.non_billable_cost + tax == amount
    assert passed.billable_cost <= passed.bill <= (passed.billable_cost * (1 + markup) + eur("0.005"))
    assert policy.cap is None or passed.billable_cost <= policy.cap


@given(
    st.decimals(min_value="0.000001", max_value=100_000, places=6),
    st.sampled_from(["ecb", "Bank of England", "", "desk (noon)"]),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_a_frozen_rate_is_read_from_its_evidence_as_it_was_told(rate: Decimal, source: str, at: datetime | None) -> None:
    quote = FrozenRate(base="CHF", quoted="EUR", rate=rate, source=source, at=at)
    assert frozen_on(told_of(quote)) == quote
