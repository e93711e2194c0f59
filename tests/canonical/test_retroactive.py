"""Retroactive rates: the difference is billed or credited once, and nothing that was rated changes."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import BillableKind
from canonical.money import Money
from canonical.rules.caps import Limit, LimitKind, allow
from canonical.rules.charge import Charge
from canonical.rules.grouping import group
from canonical.rules.retroactive import Plan, RatedWork, RetroactivePolicy, delta_item, plan_change, reprice
from tests.build import usd
from tests.canonical.charges import time

DELTA, REBILL = RetroactivePolicy.DELTA, RetroactivePolicy.CREDIT_REBILL


def work(reference: str, hours: str, **changes: Any) -> RatedWork:
    return RatedWork(item=time(reference, hours, 225).billable, **changes)


APRIL = work("apr", "80", invoice="INV-4", is_paid=True)
MAY = work("may", "72.5", invoice="INV-5")
JUNE = work("jun", "20")


def changed(rate: int, policy: RetroactivePolicy) -> Plan:
    return plan_change([reprice(one, usd(rate), "RC-1.v2") for one in (APRIL, MAY, JUNE)], policy)


def test_s05_delta_is_one_line_of_2287_50_that_names_both_invoices() -> None:
    plan = changed(240, DELTA)
    items = plan.delta_items()
    assert [item.amount for item in items] == [usd("1200.00"), usd("1087.50")]
    assert [item.evidence["invoice"] for item in items] == ["INV-4", "INV-5"]
    (draft,) = group(Charge.whole(item) for item in items)
    (line,) = draft.lines
    assert (line.amount, line.quantity, line.rate) == (usd("2287.50"), Decimal("152.5"), usd(15))
    assert {item.kind for item in items} == {BillableKind.RATE_DELTA}
    assert [one.amount for one in plan.rerated] == [usd(4800)]


def test_s05_credit_rebill_takes_unpaid_may_and_leaves_paid_april_a_delta() -> None:
    plan = changed(240, REBILL)
    assert plan.invoices_to_credit == {"INV-5": usd("16312.50")}
    assert plan.invoices_to_rebill == {"INV-5": usd("17400.00")}
    assert [item.amount for item in plan.delta_items()] == [usd("1200.00")]


def test_s05_lower_rate_is_credited_and_never_billed() -> None:
    plan = changed(210, DELTA)
    assert plan.delta_items() == []
    given_back = plan.price_adjustments()
    assert Money.sum((one.difference for one in given_back), "USD") == usd("-2287.50")
    assert {one.work.invoice for one in given_back} == {"INV-4", "INV-5"}


def test_s05_with_2000_left_under_the_cap() -> None:
    charges = [Charge.whole(item) for item in changed(240, DELTA).delta_items()]
    allowed = allow(charges, Limit(kind=LimitKind.CAP, reference="L2", amount=usd(50_000), used=usd(48_000)))
    assert (allowed.total, allowed.finding and allowed.finding.money) == (usd(2000), usd("287.50"))


def test_the_same_rate_changes_nothing() -> None:
    assert changed(225, REBILL) == Plan()


def test_several_items_of_an_invoice_are_credited_and_rebilled_together() -> None:
    items = [work("a", "2", invoice="INV-5"), work("b", "3", invoice="INV-5")]
    plan = plan_change([reprice(one, usd(240), "v2") for one in items], REBILL)
    assert (plan.invoices_to_credit, plan.invoices_to_rebill) == ({"INV-5": usd(1125)}, {"INV-5": usd(1200)})


def test_a_delta_states_a_rate_only_where_that_explains_its_amount() -> None:
    unrated = RatedWork(item=MAY.item.model_copy(update={"rate": None}), invoice="INV-5")
    assert delta_item(reprice(unrated, usd(240), "v2")).rate is None
    partly_billed = MAY.changed(billed=usd(16_000))
    assert delta_item(reprice(partly_billed, usd(240), "v2")).rate is None


def test_only_what_stands_billed_is_repriced() -> None:  # half of the item was credited before
    half = MAY.changed(billed=usd("8156.25"), billed_quantity=Decimal("36.25"))
    assert reprice(half, usd(240), "RC-1.v2").difference == usd("543.75")


def partly_open(standing: str, hours: str, **changes: Any) -> RatedWork:
    """Ten hours at 225, of which so many are open again, and so much stands billed."""
    rest = usd(2250) - usd(standing)
    facts: dict[str, Any] = {"invoice": "INV-5", "standing": usd(standing), "open": rest, "open_quantity": Decimal(hours)}
    return work("half", "10", **{**facts, **changes})


def test_the_open_rest_of_an_item_is_rated_again_and_only_what_stands_billed_differs() -> None:
    higher, lower = (reprice(partly_open("112.50", "9.5"), usd(rate), "RC-1.v2") for rate in (240, 150))
    assert (higher.of_open, higher.of_billed) == (usd("142.50"), usd("7.50"))
    assert (lower.of_open, lower.of_billed) == (usd("-712.50"), usd("-37.50"))
    (item,) = plan_change([higher], DELTA).delta_items()
    assert (item.quantity, item.rate, item.amount) == (Decimal("0.5"), usd(15), usd("7.50"))
    assert plan_change([lower], DELTA).rerated_rests == [lower]


def test_what_stands_on_two_invoices_is_never_rebilled() -> None:
    plan = plan_change([reprice(MAY.changed(is_split=True), usd(240), "v2")], REBILL)
    assert (plan.rebilled, [item.amount for item in plan.delta_items()]) == ((), [usd("1087.50")])


@given(
    standing=st.integers(0, 225_000),
    hours=st.decimals(0, 10, places=2),
    corrected=st.integers(0, 50_000),
    rate=st.decimals("0.01", 500, places=2),
)
def test_what_is_open_and_what_stands_share_a_difference(standing: int, hours: Decimal, corrected: int, rate: Decimal) -> None:
    before = partly_open(str(Decimal(standing).scaleb(-2)), str(hours))
    before = before.changed(billed=usd(str(2250 + Decimal(corrected).scaleb(-2))))  # an earlier delta
    change = reprice(before, Money(amount=rate, currency="USD"), "v3")
    assert change.of_open + change.of_billed == change.difference
    assert (change.of_open.amount >= 0 and change.of_billed.amount >= 0) or (
        change.of_open.amount <= 0 and change.of_billed.amount <= 0
    )
    assert before.open is not None and before.open + change.of_open >= usd(0)
    if change.difference >= usd(-2250):  # no earlier delta has to be taken back
        assert usd(0) <= (before.standing or usd(0)) + min(change.of_billed, usd(0))


def test_a_delta_has_a_reference_of_its_own_for_each_version_of_the_card() -> None:
    first, second = (delta_item(reprice(MAY, usd(240), version)) for version in ("RC-1.v2", "RC-1.v3"))
    assert (first.reference, second.reference) == ("may:RC-1.v2", "may:RC-1.v3")
    assert first.service.start == MAY.item.service.start == date(2026, 4, 17)


def test_a_long_name_is_cut_and_stays_its_own() -> None:
    long = work("k" * 70, "80", invoice="INV-4")
    first, second = (delta_item(reprice(long, usd(240), f"RC-1.v{n}")).reference for n in (20001, 20002))
    assert len(first) == len(second) == 80 and first != second


@pytest.mark.parametrize("policy", list(RetroactivePolicy))
@given(
    parts=st.lists(st.tuples(st.decimals("0.01", 24, places=2), st.booleans(), st.booleans()), max_size=8),
    rate=st.decimals("0.01", 400, places=2),
)
def test_old_amounts_and_differences_are_the_new_amounts(
    policy: RetroactivePolicy, parts: list[tuple[Decimal, bool, bool]], rate: Decimal
) -> None:
    works = [
        work(f"k{n}", str(hours), invoice=f"INV-{n % 2}" if is_billed else "", is_paid=is_billed and is_paid)
        for n, (hours, is_billed, is_paid) in enumerate(parts)
    ]
    new = Money(amount=rate, currency="USD")
    plan = plan_change([reprice(one, new, "v2") for one in works], policy)
    everything = [*plan.rerated, *plan.deltas, *plan.rebilled]
    before = Money.sum((one.amount for one in works), "USD")
    after = before + Money.sum((one.difference for one in everything), "USD")
    assert after == Money.sum(((new * one.quantity).rounded() for one in works), "USD")
    assert not any(one.work.is_paid for one in plan.rebilled)
    assert all(item.amount.amount > 0 for item in plan.delta_items())
    assert len({one.work.item.reference for one in everything}) == len(everything)
