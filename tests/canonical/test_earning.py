"""What a period adds to an obligation's books: cumulative, balanced, and never counted twice with what invoices credited."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import BillableKind
from canonical.money import Money
from canonical.obligation import BilledPart, Books, LineStanding, Recognition
from canonical.quote import BillingKind
from canonical.revenue_event import Progress, Treatment
from canonical.rules.earning import account_of, journals, missing_progress, own_kinds, recognitions, summed
from canonical.rules.postings import Chart
from tests.build import usd

CHART = Chart()
END_OF_APRIL = date(2026, 4, 30)


def a_line(treatment: str, kind: str = "fixed_fee", **changes: Any) -> LineStanding:
    facts: dict[str, Any] = {
        "contract": "C-1",
        "line": "L1",
        "entity": "US01",
        "currency": "USD",
        "kind": BillingKind(kind),
        "treatment": Treatment(treatment),
        "price": usd(300_000),
        "matured": usd(0),
        "delivered": usd(0),
    }
    return LineStanding(**{**facts, **changes})


def billed(amount: str | int, kind: str = "milestone", account: str = "2300") -> BilledPart:
    return BilledPart(kind=BillableKind(kind), account=account, amount=usd(amount))


def at(percent: int) -> Progress:
    return Progress(done=Decimal(percent), expected=Decimal(100))


def after(line: LineStanding, found: list[Recognition], **changes: Any) -> LineStanding:
    """The same line once that was recognized."""
    books = dict(line.books)
    for one in found:
        held = books.get(one.obligation) or Books.empty(line.currency)
        books[one.obligation] = Books(
            earned=held.earned + one.amount,
            revenue=held.revenue + one.revenue,
            asset=held.asset + one.asset,
            liability=held.liability + one.liability,
        )
    return line.changed(books=books, **changes)


def posted(found: list[Recognition]) -> dict[str, Decimal]:
    """The journal of these recognitions, debits positive."""
    made = journals("REV-1", "US01", END_OF_APRIL, summed(found), CHART, "")
    lines = [line for journal in made for line in journal.lines]
    nothing = usd(0)
    return {line.account: ((line.debit or nothing) - (line.credit or nothing)).amount for line in lines}


def test_s01_a_subscription_month_is_earned_out_of_what_was_deferred() -> None:
    line = a_line("straight_line", "subscription", matured=usd(6_000), billed=(billed(6_000, "subscription"),))
    assert posted(list(recognitions(line, CHART))) == {"2300": Decimal(6_000), "4020": Decimal(-6_000)}
    early = line.changed(matured=usd(0))
    assert posted(list(recognitions(early, CHART))) == {}


def test_a_month_that_is_not_billed_yet_is_a_contract_asset_until_it_is() -> None:
    unbilled = a_line("straight_line", "subscription", matured=usd(6_000))
    first = list(recognitions(unbilled, CHART))
    assert posted(first) == {"1150": Decimal(6_000), "4020": Decimal(-6_000)}
    then_billed = after(unbilled, first, billed=(billed(6_000, "subscription"),))
    assert posted(list(recognitions(then_billed, CHART))) == {"2300": Decimal(6_000), "1150": Decimal(-6_000)}


def test_s02_catches_up_15000_against_the_asset_or_against_what_was_billed() -> None:
    line = a_line("over_time_by_cost", progress=at(40), billed=(billed(120_000),))
    first = list(recognitions(line, CHART))
    assert posted(first) == {"2300": Decimal(120_000), "4010": Decimal(-120_000)}
    amended = after(line, first, price=usd(375_000), progress=at(36))
    assert posted(list(recognitions(amended, CHART))) == {"1150": Decimal(15_000), "4010": Decimal(-15_000)}
    more_billed = amended.changed(billed=(billed(180_000),))
    assert posted(list(recognitions(more_billed, CHART))) == {"2300": Decimal(15_000), "4010": Decimal(-15_000)}


def test_an_estimate_that_grows_gives_revenue_back() -> None:
    line = a_line("over_time_by_hours", progress=at(50))
    later = after(line, list(recognitions(line, CHART)), progress=Progress(done=Decimal(50), expected=Decimal(200)))
    [one] = recognitions(later, CHART)
    assert (one.amount, one.cumulative) == (usd(-75_000), usd(75_000))
    assert posted([one]) == {"4010": Decimal(75_000), "1150": Decimal(-75_000)}


def test_what_the_invoice_credited_to_revenue_is_not_counted_twice() -> None:
    line = a_line("over_time_by_cost", progress=at(40), billed=(billed(120_000, account="4010"),))
    [one] = recognitions(line, CHART)
    assert (one.amount, posted([one])) == (usd(120_000), {})


def test_a_milestone_is_earned_when_it_is_accepted_and_its_invoice_posts_it() -> None:
    line = a_line("point_in_time", delivered=usd(40_000))
    first = list(recognitions(line, CHART))
    assert [(one.amount, posted([one])) for one in first] == [(usd(40_000), {})]
    assert list(recognitions(after(line, first, billed=(billed(40_000, account="4010"),)), CHART)) == []


def test_expenses_on_a_line_that_is_earned_over_time_are_earned_as_billed() -> None:
    line = a_line("over_time_by_cost", progress=at(10), billed=(billed(30_000), billed(900, "expense", "4030")))
    found = {one.obligation: (one.treatment, one.amount) for one in recognitions(line, CHART)}
    assert found == {
        "C-1.L1": (Treatment.OVER_TIME_BY_COST, usd(30_000)),
        "C-1.L1.as-billed": (Treatment.AS_BILLED, usd(900)),
    }


def test_work_that_nobody_measured_stays_where_it_is_and_is_told() -> None:
    line = a_line("over_time_by_cost", billed=(billed(60_000),))
    finding = missing_progress(line)
    assert finding is not None and (finding.code, finding.money) == ("PROGRESS_MISSING", usd(300_000))
    assert list(recognitions(line, CHART)) == []
    assert missing_progress(line.changed(progress=at(1))) is None
    assert missing_progress(a_line("point_in_time")) is None


@pytest.mark.parametrize(
    ("kind", "treatment", "line", "account"),
    [
        ("subscription", "straight_line", "subscription", "2300"),
        ("milestone", "over_time_by_cost", "fixed_fee", "2300"),
        ("milestone", "straight_line", "fixed_fee", "2300"),
        ("milestone", "point_in_time", "fixed_fee", "4010"),
        ("time", "as_billed", "time_and_materials", "4000"),
        ("expense", "over_time_by_cost", "fixed_fee", "4030"),
        ("retainer", "as_billed", "retainer", "2350"),
    ],
)
def test_an_invoice_defers_what_the_period_earns(kind: str, treatment: str, line: str, account: str) -> None:
    assert account_of(BillableKind(kind), Treatment(treatment), BillingKind(line), CHART) == account


AMOUNTS = st.integers(0, 10**9).map(lambda units: Money.from_minor_units(units, "USD"))
PARTS = st.builds(
    BilledPart,
    kind=st.sampled_from([kind for kind in BillableKind if kind is not BillableKind.RETAINER]),
    account=st.sampled_from(["2300", "4000", "4010", "4020", "4030"]),
    amount=AMOUNTS,
)
PROGRESS = st.none() | st.integers(0, 100).map(at)


@st.composite
def lines(draw: st.DrawFn) -> LineStanding:
    return a_line(
        draw(st.sampled_from(list(Treatment))).value,
        draw(st.sampled_from([kind for kind in BillingKind if kind is not BillingKind.RETAINER])).value,
        price=draw(AMOUNTS),
        matured=draw(AMOUNTS),
        delivered=draw(AMOUNTS),
        progress=draw(PROGRESS),
        billed=tuple(draw(st.lists(PARTS, max_size=4))),
    )


@given(st.lists(lines(), min_size=1, max_size=4))
def test_whatever_changes_each_posting_balances_and_twice_is_once(states: list[LineStanding]) -> None:
    line = states[0]
    for state in states:
        line = state.changed(books=line.books)
        found = list(recognitions(line, CHART))
        for one in found:
            assert one.asset == one.liability + one.revenue
        assert sum(posted(found).values(), Decimal(0)) == 0
        line = after(line, found)
        assert list(recognitions(line, CHART)) == []


@given(st.lists(lines(), min_size=1, max_size=4))
def test_a_line_is_one_net_position_and_its_revenue_is_what_is_earned(states: list[LineStanding]) -> None:  # IFRS 15.105
    line = states[0]
    for state in states:
        line = state.changed(books=line.books, treatment=states[0].treatment, kind=states[0].kind)
        line = after(line, list(recognitions(line, CHART)))
    if line.treatment not in {Treatment.STRAIGHT_LINE, Treatment.OVER_TIME_BY_COST, Treatment.OVER_TIME_BY_HOURS}:
        return
    nothing = usd(0)
    books = line.books.get("C-1.L1") or Books.empty("USD")
    own = [part for part in line.billed if part.kind in own_kinds(line.kind)]
    deferred = Money.sum((part.amount for part in own if part.account == "2300"), "USD")
    credited = Money.sum((part.amount for part in own if part.account != "2300"), "USD")
    position = deferred + credited - books.earned
    assert books.asset == max(-position, nothing)
    assert books.liability + deferred == max(position, nothing)
    assert books.revenue + credited == books.earned
