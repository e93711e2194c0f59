"""Grouping: one invoice for each payer, entity, currency and order; lines by policy; sums exact in any order."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import BillableKind
from canonical.errors import RuleBroken
from canonical.invoice import LineKind
from canonical.money import Money
from canonical.rules.charge import Charge
from canonical.rules.grouping import MOST_NAMED, GroupingPolicy, LineBy, group, with_draw
from tests.build import usd
from tests.canonical.charges import a_charge, some_charges, time

ONE: dict[str, Any] = {"rate": None, "quantity": 1, "unit": ""}
S01 = [
    a_charge(40_000, reference="ENG-100.M1", kind=BillableKind.MILESTONE, line="L1", description="M1", **ONE),
    time("kantata.1", "60", 225),
    time("kantata.2", "2.5", 225),
    time("kantata.3", "118", 165, role="Consultant"),
    a_charge(6_000, reference="L3.01", kind=BillableKind.SUBSCRIPTION, line="L3", **ONE),
    time("kantata.4", "31.5", 200, role="Advisor", line="L4"),
]


def test_s01s_april_is_one_invoice_of_79532_50() -> None:
    (draft,) = group(S01)
    whole = with_draw(draft, usd(6_300), "L4")
    assert [(line.line, line.description, line.amount, line.account) for line in whole.lines] == [
        ("L1", "M1", usd(40_000), "4010"),
        ("L2", "Consultant", usd(19_470), "4000"),
        ("L2", "Senior", usd("14062.50"), "4000"),
        ("L3", "L3.01", usd(6_000), "2300"),
        ("L4", "Advisor", usd(6_300), "4000"),
        ("L4", "Less retainer L4", usd(-6_300), "2350"),
    ]
    assert [line.number for line in whole.lines] == [1, 2, 3, 4, 5, 6]
    assert whole.net == usd("79532.50")
    assert (whole.lines[2].quantity, whole.lines[2].items, whole.lines[2].billables) == (
        Decimal("62.5"),
        2,
        ("kantata.1", "kantata.2"),
    )
    assert whole.lines[-1].kind is LineKind.RETAINER_DRAW


def test_a_draw_is_at_most_what_is_billed_and_nothing_is_no_line() -> None:
    (draft,) = group(S01)
    assert with_draw(draft, usd(0), "L4") == draft
    with pytest.raises(RuleBroken):
        with_draw(draft, usd(1_000_000), "L4")


def test_s14_one_invoice_for_each_purchase_order() -> None:
    charges = [time("a", "1", 100, purchase_order="4500-1"), time("b", "1", 100, purchase_order="4500-2")]
    assert [draft.key.purchase_order for draft in group(charges)] == ["4500-1", "4500-2"]


@pytest.mark.parametrize("change", [{"entity": "UK01"}, {"customer": "ACME-IE"}, {"contract": "ENG-200"}, {"currency": "EUR"}])
def test_payers_entities_currencies_and_contracts_are_invoiced_apart(change: dict[str, Any]) -> None:
    assert len(group([time("a", "1", 100), time("b", "1", 100, **change)])) == 2


def test_workstreams_are_invoiced_apart_by_policy() -> None:
    charges = [time("a", "1", 100, workstream="WS-A"), time("b", "1", 100, workstream="WS-B")]
    assert len(group(charges)) == 1
    assert [draft.key.workstream for draft in group(charges, GroupingPolicy(by_workstream=True))] == ["WS-A", "WS-B"]


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        (LineBy.ROLE, ["Consultant", "Senior"]),
        (LineBy.TASK, ["T-1", "T-2"]),
        (LineBy.PERSON, ["ann", "bob"]),
        (LineBy.FLAT, ["Professional services"]),
    ],
)
def test_lines_are_what_policy_shares_them_by(by: LineBy, lines: list[str]) -> None:
    charges = [
        time("a", "1", 100, role="Senior", person="ann", task="T-1"),
        time("b", "2", 100, role="Consultant", person="bob", task="T-2"),
        time("c", "3", 100, role="Senior", person="ann", task="T-1"),
    ]
    (draft,) = group(charges, GroupingPolicy(lines=by))
    assert sorted(line.description for line in draft.lines) == lines
    assert len(group(charges, GroupingPolicy(lines=LineBy.ITEM))[0].lines) == 3


def test_a_line_has_one_rate_unless_policy_says_flat() -> None:
    charges = [time("a", "1", 100), time("b", "1", 110)]
    assert [line.rate for line in group(charges)[0].lines] == [usd(100), usd(110)]
    (line,) = group(charges, GroupingPolicy(lines=LineBy.FLAT))[0].lines
    assert (line.rate, line.amount, line.quantity) == (None, usd(210), Decimal(2))


def test_expenses_are_lines_by_category() -> None:
    spent = [
        a_charge(100, reference=f"e{n}", kind=BillableKind.EXPENSE, description=category, rate=None, quantity=1)
        for n, category in enumerate(["travel", "hotel", "travel"])
    ]
    found = {line.description: (line.amount, line.account) for line in group(spent)[0].lines}
    assert found == {"travel": (usd(200), "4030"), "hotel": (usd(100), "4030")}


def test_a_draft_that_gives_back_is_a_credit() -> None:  # S05
    (draft,) = group([a_charge("-2287.50", kind=BillableKind.RATE_DELTA, rate=usd(-15), quantity=Decimal("152.5"))])
    assert not with_draw(group(S01)[0], usd("85832.50"), "L4").is_credit
    assert draft.is_credit and draft.lines[0].description == "Rate change, Senior"


def test_a_line_names_a_hundred_items_and_counts_all() -> None:
    (draft,) = group([time(f"k.{n:03}", "1", 100) for n in range(150)])
    assert (len(draft.lines[0].billables), draft.lines[0].items, len(draft.charges[0])) == (MOST_NAMED, 150, 150)


@given(some_charges(), st.sampled_from(list(LineBy)), st.none() | st.integers(1, 4), st.randoms())
def test_invoices_hold_every_charge_once_and_add_up_in_any_order(
    charges: list[Charge], by: LineBy, limit: int | None, chance: Any
) -> None:
    policy = GroupingPolicy(lines=by, line_limit=limit)
    drafts = group(charges, policy)
    held = [one for draft in drafts for line in draft.charges for one in line]
    assert sorted(one.billable.reference for one in held) == sorted(one.billable.reference for one in charges)
    assert Money.sum((draft.net for draft in drafts), "USD") == Money.sum((one.amount for one in charges), "USD")
    hours = sum((line.quantity for draft in drafts for line in draft.lines), Decimal(0))
    assert hours == sum((one.quantity for one in charges), Decimal(0))
    for draft in drafts:
        assert limit is None or len(draft.lines) <= limit
        for line, behind in zip(draft.lines, draft.charges, strict=True):
            assert line.amount == Money.sum((one.amount for one in behind), "USD")
            assert {one.billable.purchase_order for one in behind} == {draft.key.purchase_order}
    shuffled = list(charges)
    chance.shuffle(shuffled)
    assert group(shuffled, policy) == drafts


@given(some_charges(most=4), st.decimals("0.01", "0.99", places=2))
def test_a_cut_charge_is_exactly_its_two_parts(charges: list[Charge], share: Decimal) -> None:
    for charge in charges:
        first, rest = charge.cut((charge.amount * share).rounded())
        assert first.amount + rest.amount == charge.amount
        assert first.quantity + rest.quantity == charge.quantity
