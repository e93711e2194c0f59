"""Metered use: what the contract says of it, and what the readings of a period come to (R77)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.contract import Contract, ContractLine
from canonical.errors import Malformed
from canonical.money import Money
from canonical.period import Period
from canonical.project import Dimensions
from canonical.quote import BillingKind
from canonical.rules.activation import judge
from canonical.rules.composition import compose
from canonical.rules.metering import Use, refusals, use_of
from canonical.rules.planning import plan_revenue, plan_schedule
from canonical.rules.recurring import RecurringPolicy, usage_amount
from canonical.rules.signed_terms import SignedTerms, read_terms
from canonical.usage import Metered, MeterReading, MeterReadings, Tier, UsagePlan
from tests.build import a_case, a_contract, a_customer, a_deal, a_quote, a_signed_contract, a_template, a_time_line, usd

PLAN = UsagePlan(unit="call", included=Decimal(1000), tiers=(Tier(up_to=Decimal(5000), rate=usd("0.50")), Tier(rate=usd("0.40"))))
YEAR = Period.through(date(2026, 8, 1), date(2027, 7, 31))


def a_metered_line(**changes: Any) -> ContractLine:
    facts = {"kind": BillingKind.USAGE, "rates": (), "amount": usd(12_000), "usage": PLAN, "clause": "4.2"}
    return a_time_line(**{**facts, **changes})


def sold(**changes: Any) -> Contract:
    return a_contract(term=YEAR, lines=(a_metered_line(**changes),))


def on(day: date, quantity: str | int, mark: int = 1) -> Metered:
    return Metered(line="L2", used_on=day, quantity=Decimal(quantity), mark=mark)


def used(*metered: Metered, through: date = date(2026, 10, 31), **changes: Any) -> Use:
    return use_of(sold(**changes), metered, through, Dimensions())


def test_a_month_that_is_over_is_priced_at_its_tiers_and_none_before() -> None:
    august = [on(date(2026, 8, 10), 3000, 7), on(date(2026, 8, 31), 4000, 9)]
    use = used(*august, on(date(2026, 9, 30), 800, 8), on(date(2026, 10, 1), 99, 3), through=date(2026, 10, 30))
    [item] = use.items
    assert (item.reference, item.amount, item.quantity, item.unit) == ("C-100.L2.01", usd("2900.00"), Decimal(7000), "call")
    assert (item.service, item.rate, item.source_version) == (Period.month(2026, 8), None, "000000000009")
    assert item.evidence == {"clause": "4.2", "tiers": "1000 included, up to 5000 0.50 USD, above 0.40 USD"}
    assert use.unused == (("C-100.L2.02", "000000000008"),) and use.missing == ()


def test_a_period_no_meter_spoke_of_is_asked_for_with_what_was_expected_of_it() -> None:
    use = used(on(date(2026, 8, 10), 0))
    assert [one.subject for one in use.missing] == ["C-100.L2.02", "C-100.L2.03"] and use.items == ()
    assert use.missing[0].money == usd("986.30")  # 30 of 365 days of 12,000
    assert use.subjects == ["C-100.L2.01", "C-100.L2.02", "C-100.L2.03"]


def test_one_price_for_all_that_is_used_is_its_rate() -> None:
    [item] = used(on(date(2026, 8, 1), "12.5"), through=date(2026, 8, 31), usage=UsagePlan(tiers=(Tier(rate=usd("0.30")),))).items
    assert (item.rate, item.amount) == (usd("0.30"), usd("3.75"))


READINGS = st.lists(st.tuples(st.integers(0, 364), st.integers(0, 20_000)), max_size=40)


@given(READINGS, st.randoms(use_true_random=False), st.sampled_from([1, 3, 12]))
def test_every_reading_is_billed_once_in_its_own_period_whatever_their_order(
    readings: list[tuple[int, int]], chance: Any, months: int
) -> None:
    metered = [on(YEAR.start + timedelta(days=day), quantity, mark) for mark, (day, quantity) in enumerate(readings, 1)]
    shuffled = chance.sample(metered, len(metered))
    policy = RecurringPolicy(months=months)
    use = use_of(sold(), metered, YEAR.last, Dimensions(), policy)
    assert use == use_of(sold(), shuffled, YEAR.last, Dimensions(), policy)
    assert len(use.subjects) == len(set(use.subjects)) == 12 // months
    for item in use.items:
        total = sum((one.quantity for one in metered if one.used_on in item.service), Decimal(0))
        assert (item.quantity, item.amount) == (total, usage_amount(PLAN, total)) and not item.amount.is_zero
    free = sum((one.quantity for one in metered), Decimal(0)) - sum((item.quantity for item in use.items), Decimal(0))
    assert free <= PLAN.included * len(use.unused)


def terms(**changes: str) -> SignedTerms:
    said = {"line.L2.kind": "usage", "line.L2.amount": "12,000.00", "line.L2.unit": "call", "line.L2.included": "1,000"}
    return read_terms({**said, **changes})


def composed(signed: SignedTerms) -> ContractLine:
    made = compose(
        version=1, deal=a_deal(), customer=a_customer(), payer=None, quote=a_quote(), signed=a_signed_contract(), terms=signed
    )
    return next(line for line in made.lines if line.reference == "L2")


def test_signed_tiers_win_and_a_quoted_price_holds_for_all() -> None:
    line = composed(terms(**{"line.L2.tier.above": "0.40", "line.L2.tier.5000": "0.50"}))
    assert (line.usage, line.amount, line.rates) == (PLAN, usd(12_000), ())
    flat = composed(terms()).usage
    assert flat is not None and [tier.up_to for tier in flat.tiers] == [None] and flat.tiers[0].rate.amount > 0


def test_a_tier_that_cannot_be_read_is_refused_by_its_name() -> None:
    with pytest.raises(Malformed, match=r"line\.L2\.tier\.5k"):
        composed(terms(**{"line.L2.tier.5k": "0.50"}))


UNPRICED = {
    "no price for what is used.": UsagePlan(tiers=()),
    "no price for what is used beyond 5000.": UsagePlan(tiers=PLAN.tiers[:1]),
    "no price up to 10": UsagePlan(tiers=(Tier(up_to=Decimal(10), rate=usd(0)), Tier(rate=usd(1)))),
}


@pytest.mark.parametrize("said", UNPRICED)
def test_use_without_a_price_is_not_activated(said: str) -> None:
    [finding] = judge(a_case(contract=sold(usage=UNPRICED[said], workstream="WS-A"))).blocking
    assert finding.code == "CONTRACT_INCOMPLETE" and said in finding.sentence


def test_use_is_planned_as_it_is_billed_and_scheduled_nowhere() -> None:
    contract = sold()
    plan = plan_revenue(contract, {"advisory": a_template("advisory")})
    assert (plan.total, {item.treatment for item in plan.items}) == (usd(12_000), {"as_billed"})
    assert not plan_schedule(contract).says_something


def a_reading(**changes: Any) -> MeterReading:
    facts = {"reading": "R1", "contract": "C-100", "line": "L2", "used_on": date(2026, 8, 1), "quantity": "5"}
    return MeterReading.model_validate({**facts, **changes})


def test_a_reading_of_nothing_that_was_sold_is_named() -> None:
    assert refusals(sold(), [a_reading()]) == []
    said = refusals(sold(), [a_reading(line="L9"), a_reading(used_on=date(2027, 8, 1))])
    assert said == [
        "R1: C-100 has no metered line L9; metered are L2.",
        f"R1: 2027-08-01 is outside the term of C-100, {YEAR}.",
    ]
    assert refusals(a_contract(), [a_reading()]) == ["R1: C-100 has no metered line L2; none of its lines is metered."]


@pytest.mark.parametrize("quantity", [-1, 0.5, "NaN", "a lot", "1.0000000001"])
def test_a_quantity_is_a_number_that_something_was_used(quantity: object) -> None:
    with pytest.raises(ValidationError, match="quantity"):
        a_reading(quantity=quantity)


def test_a_reading_stands_in_a_file_once() -> None:
    with pytest.raises(ValidationError, match="stands there twice"):
        MeterReadings(source="meter", readings=(a_reading(), a_reading(quantity="6")))
    MeterReadings(source="meter", readings=(a_reading(), a_reading(version="2")))


def test_no_money_is_made_of_nothing() -> None:
    assert usage_amount(PLAN, Decimal(1000)) == Money.zero("USD")
