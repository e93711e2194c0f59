"""Rating: the most specific rate of the work date, hours by policy, one rounding; never a price of nothing."""

from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import Billable
from canonical.exception import Finding
from canonical.money import Money, minor_unit
from canonical.rate_card import Rate, RateCard
from canonical.rules.rating import HourPolicy, Placement, RateBook, RatingPolicy, card_of, rate_entry
from canonical.time_entry import ApprovalState, TimeEntry
from tests.build import a_contract, usd

APRIL = date(2026, 4, 1)
PLACE = Placement(contract="ENG-100", line="L2", entity="US01", customer="CUST-ACME", currency="USD")


def an_entry(hours: str = "8", **changes: Any) -> TimeEntry:
    facts: dict[str, Any] = {
        "system": "kantata",
        "source_id": "1",
        "source_version": "1",
        "project": "ENG-100",
        "task": "T-1",
        "person": "ann",
        "role": "Senior",
        "state": ApprovalState.APPROVED,
        "work_date": date(2026, 4, 17),
        "hours": Decimal(hours),
    }
    return TimeEntry(**{**facts, **changes})


def a_rate(amount: str | int, *, since: date = APRIL, currency: str = "USD", **who: Any) -> Rate:
    return Rate(rate=Money.of(amount, currency), since=since, **who)


def a_book(*rates: Rate, contract: str = "ENG-100") -> RateBook:
    return RateBook([RateCard(reference="RC-1", contract=contract, rates=rates)])


def rated(entry: TimeEntry, book: RateBook, policy: RatingPolicy | None = None) -> Billable:
    answer = rate_entry(entry, PLACE, book, policy)
    assert isinstance(answer, Billable), answer
    return answer


def refused(entry: TimeEntry, book: RateBook) -> Finding:
    answer = rate_entry(entry, PLACE, book)
    assert isinstance(answer, Finding), answer
    return answer


BY_RANK = (
    a_rate(300, person="ann", project="ENG-100"),
    a_rate(290, person="ann"),
    a_rate(280, role="Senior", line="L2"),
    a_rate(270, role="Senior", project="ENG-100"),
    a_rate(260, role="Senior"),
)


@pytest.mark.parametrize("known", range(5))
def test_the_most_specific_rate_wins(known: int) -> None:
    assert rated(an_entry("1"), a_book(*reversed(BY_RANK[known:]))).rate == BY_RANK[known].rate


@given(st.permutations(BY_RANK), st.integers(1, 5))
def test_the_order_of_the_card_does_not_matter(rates: list[Rate], kept: int) -> None:
    expected = min(BY_RANK.index(rate) for rate in rates[:kept])
    assert rated(an_entry("1"), a_book(*rates[:kept])).rate == BY_RANK[expected].rate


@pytest.mark.parametrize(
    ("hours", "role", "rate", "amount"),
    [("62.5", "Senior", 225, "14062.50"), ("118", "Consultant", 165, "19470.00"), ("31.5", "Advisor", 200, "6300.00")],
)
def test_what_april_of_s01_is_worth(hours: str, role: str, rate: int, amount: str) -> None:
    item = rated(an_entry(hours, role=role), a_book(a_rate(rate, role=role)))
    assert (item.amount, item.quantity, item.rate_version) == (usd(amount), Decimal(hours), "RC-1.v1")


def test_an_amount_is_rounded_once_and_half_up() -> None:  # S12: 0.35 h x 149.99 = 52.4965
    assert rated(an_entry("0.35"), a_book(a_rate("149.99", role="Senior"))).amount == usd("52.50")


@pytest.mark.parametrize(("day", "rate"), [(31, None), (1, 225), (9, 225), (10, 240), (30, 240)])
def test_the_work_date_chooses_the_rate(day: int, rate: int | None) -> None:
    month = 3 if day == 31 else 4
    book = a_book(a_rate(225, role="Senior").changed(until=date(2026, 5, 1)), a_rate(240, role="Senior", since=date(2026, 4, 10)))
    answer = rate_entry(an_entry(work_date=date(2026, month, day)), PLACE, book)
    assert (answer.rate if isinstance(answer, Billable) else None) == (rate and usd(rate))


def test_a_rate_ends_before_its_last_date() -> None:
    book = a_book(a_rate(225, role="Senior").changed(until=date(2026, 4, 17)))
    assert refused(an_entry(), book).code == "RATE_MISSING"


def test_the_engagements_card_goes_before_the_firms_and_a_later_version_before_an_earlier() -> None:
    firm = RateCard(reference="FIRM", rates=(a_rate(400, person="ann", project="ENG-100"),))
    first = RateCard(reference="RC-1", contract="ENG-100", version=1, rates=(a_rate(225, role="Senior"),))
    second = RateCard(reference="RC-1", contract="ENG-100", version=2, rates=(a_rate(240, role="Senior"),))
    for cards in permutations([firm, first, second]):
        assert rated(an_entry("1"), RateBook(cards)).rate_version == "RC-1.v2"
    assert rated(an_entry("1"), RateBook([firm])).amount == usd(400)


def test_another_contracts_card_is_not_asked() -> None:
    assert refused(an_entry(), a_book(a_rate(225, role="Senior"), contract="ENG-200")).code == "RATE_MISSING"


def test_a_rate_in_another_currency_is_none() -> None:
    finding = refused(an_entry(rate=usd(225)), a_book(a_rate(200, role="Senior", currency="EUR")))
    assert (finding.code, finding.money) == ("RATE_MISSING", usd(1800))
    assert "USD" in finding.sentence


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_a_rate_of_nothing_is_a_finding_and_never_a_price(amount: str) -> None:  # S05 variant
    finding = refused(an_entry(rate=usd(225)), a_book(a_rate(amount, role="Senior"), a_rate(225)))
    assert (finding.code, finding.can_override, finding.money) == ("RATE_ZERO", False, usd(1800))


def test_what_is_not_billable_is_not_rated() -> None:  # R65
    assert rate_entry(an_entry(is_billable=False), PLACE, a_book(a_rate(0))) is None


def test_the_contracts_own_rates_make_a_card() -> None:
    contract = a_contract(reference="ENG-100")
    entry = an_entry("2", role="Consultant")
    item = rate_entry(entry, PLACE, RateBook([card_of(contract)]))
    assert isinstance(item, Billable)
    assert (item.amount, item.rate_version) == (usd(330), "ENG-100.rates.v1")


def test_the_contracts_card_begins_with_its_term_and_always_where_it_has_none() -> None:
    early = an_entry(work_date=date(2026, 3, 31))
    contract = a_contract(reference="ENG-100")
    assert isinstance(rate_entry(early, PLACE, RateBook([card_of(contract)])), Finding)
    endless = contract.model_copy(update={"term": None})
    assert isinstance(rate_entry(early, PLACE, RateBook([card_of(endless)])), Billable)


def test_work_that_names_no_project_is_rated_by_its_contracts() -> None:
    book = a_book(a_rate(270, role="Senior", project="ENG-100"), a_rate(280, role="Senior", project="ENG-100.B"))
    asked: dict[str, Any] = {"role": "Senior", "person": "ann", "placement": PLACE, "day": APRIL}
    of_contract, of_project = book.rate_for(**asked), book.rate_for(**asked, project="ENG-100.B")
    assert of_contract is not None and of_contract.rate.rate == usd(270)
    assert of_project is not None and of_project.rate.rate == usd(280)


@pytest.mark.parametrize(
    ("recorded", "minimum", "step", "rounds_up", "billed"),
    [
        ("0.35", "0", "0", True, "0.35"),
        ("0.35", "0", "0.25", True, "0.50"),
        ("0.25", "0", "0.25", True, "0.25"),
        ("0.36", "0", "0.25", False, "0.25"),
        ("0.05", "0.5", "0.25", True, "0.50"),
        ("7.51", "0.5", "0.25", True, "7.75"),
        ("0", "0.5", "0.25", True, "0"),
    ],
)
def test_hours_to_bill(recorded: str, minimum: str, step: str, rounds_up: bool, billed: str) -> None:
    policy = HourPolicy(minimum=Decimal(minimum), step=Decimal(step), rounds_up=rounds_up)
    assert policy.hours_to_bill(Decimal(recorded)) == Decimal(billed)


@given(st.decimals("0.01", 24, places=2), st.sampled_from(["0", "0.1", "0.25", "0.5", "1"]), st.sampled_from(["0", "0.25", "1"]))
def test_rounded_up_hours_are_never_less_and_are_rounded_once(hours: Decimal, step: str, minimum: str) -> None:
    policy = HourPolicy(minimum=Decimal(minimum), step=Decimal(step))
    billed = policy.hours_to_bill(hours)
    assert billed >= max(hours, policy.minimum)
    assert billed < max(hours, policy.minimum) + (policy.step or 1)
    assert policy.hours_to_bill(billed) == billed


@given(st.decimals("0.01", 24, places=2), st.decimals("0.01", 999, places=2), st.sampled_from(["USD", "JPY", "KWD"]))
def test_an_amount_is_exact_and_within_half_a_unit_of_hours_times_rate(hours: Decimal, rate: Decimal, currency: str) -> None:
    book, place = a_book(a_rate(str(rate), currency=currency)), PLACE.changed(currency=currency)
    item = rate_entry(an_entry(str(hours)), place, book)
    assert isinstance(item, Billable) and item.rate is not None
    assert item.amount.is_exact
    assert abs(item.amount.amount - item.quantity * item.rate.amount) <= minor_unit(currency) / 2
