"""Planning: whatever is sold, the parts add up to the whole and nothing falls outside the term."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from canonical.contract import Contract, ContractLine, MilestoneTerm, RateTerm
from canonical.money import Money
from canonical.period import Period
from canonical.quote import BillingKind
from canonical.rules.planning import cut, plan_project, plan_revenue, plan_schedule
from canonical.rules.recurring import Alignment, RecurringPolicy
from tests.build import a_contract, a_template, usd

TEMPLATES = {"implementation": a_template(), "advisory": a_template("advisory")}
CENTS = st.integers(min_value=1, max_value=10**9)


@st.composite
def lines(draw: st.DrawFn) -> tuple[ContractLine, ...]:
    made = []
    for n in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from([BillingKind.FIXED_FEE, BillingKind.TIME_AND_MATERIALS, BillingKind.SUBSCRIPTION]))
        facts: dict[str, Any] = {
            "reference": f"L{n}",
            "kind": kind,
            "description": "x",
            "service_template": "advisory",
            "workstream": f"WS-{n % 2}",
        }
        if kind is BillingKind.TIME_AND_MATERIALS:
            rate = Money.from_minor_units(draw(CENTS), "USD")
            facts["rates"] = (RateTerm(role="Senior", rate=rate, hours=draw(st.decimals("0.25", 999, places=2))),)
        elif kind is BillingKind.SUBSCRIPTION:
            facts |= {"amount": Money.from_minor_units(draw(CENTS), "USD"), "months": draw(st.integers(1, 12))}
        else:
            parts = [Money.from_minor_units(draw(CENTS), "USD") for _ in range(draw(st.integers(0, 3)))]
            facts["milestones"] = tuple(
                MilestoneTerm(reference=f"M{n}{m}", title="m", amount=part) for m, part in enumerate(parts)
            )
            facts["amount"] = Money.sum(parts, "USD") if parts else usd(100)
        made.append(ContractLine(**facts))
    return tuple(made)


@given(lines())
def test_project_schedule_and_revenue_are_worth_the_contract(sold: tuple[ContractLine, ...]) -> None:
    contract = a_contract(lines=sold)
    time = Money.sum((x.value("USD") for x in sold if x.kind is BillingKind.TIME_AND_MATERIALS), "USD")
    assert plan_project(contract, TEMPLATES).value == contract.value
    assert plan_schedule(contract).scheduled + time == contract.value
    assert plan_revenue(contract, TEMPLATES).total == contract.value


@given(
    start=st.dates(date(2024, 1, 1), date(2028, 12, 31)),
    days=st.integers(1, 800),
    price=CENTS,
    months=st.sampled_from([1, 3, 12]),
    alignment=st.sampled_from(list(Alignment)),
    lasts=st.sampled_from([0, 1, 12]),
)
def test_what_a_subscription_bills_is_what_it_earns_month_by_month(
    start: date, days: int, price: int, months: int, alignment: Alignment, lasts: int
) -> None:
    line = ContractLine(
        reference="L1", kind=BillingKind.SUBSCRIPTION, description="s", service_template="implementation",
        amount=Money.from_minor_units(price, "USD"), months=lasts,
    )  # fmt: skip
    contract = a_contract(lines=(line,), term=Period(start=start, end=start + timedelta(days=days)))
    rules = RecurringPolicy(months=months, alignment=alignment)
    billed = plan_schedule(contract, recurring=rules)
    earned = plan_revenue(contract, TEMPLATES, recurring=rules)
    assert earned.total == billed.scheduled
    ends = {item.period.end for item in billed.items if item.period}
    assert ends <= {item.period.end for item in earned.items}
    for end in ends:  # at the end of each period all that was billed for it, and no more, is earned
        due = [item.amount for item in billed.items if item.period and item.period.end <= end]
        matured = [item.amount for item in earned.items if item.period.end <= end]
        assert Money.sum(due, "USD") == Money.sum(matured, "USD")


@given(lines())
def test_workstreams_planned_apart_are_the_whole(sold: tuple[ContractLine, ...]) -> None:
    contract = a_contract(lines=sold)
    apart = [plan_project(contract, TEMPLATES, workstreams=[name]) for name in contract.workstreams]
    whole = plan_project(contract, TEMPLATES)
    assert Money.sum((project.value for project in apart), "USD") == whole.value
    assert {p.reference for project in apart for p in project.phases} == {p.reference for p in whole.phases}


@given(lines())
def test_references_are_unique_and_phases_stay_inside_the_term(sold: tuple[ContractLine, ...]) -> None:
    contract: Contract = a_contract(lines=sold)
    project, schedule = plan_project(contract, TEMPLATES), plan_schedule(contract)
    references = [p.reference for p in project.phases] + [t.reference for p in project.phases for t in p.tasks]
    references += [m.reference for m in project.milestones]
    assert len(set(references)) == len(references)
    assert len({item.reference for item in schedule.items}) == len(schedule.items)
    assert contract.term is not None
    assert all(p.period.start >= contract.term.start and p.period.end <= contract.term.end for p in project.phases)


@given(st.integers(5, 800), st.lists(st.decimals("0.1", 9, places=1), min_size=1, max_size=5))
def test_a_cut_period_has_no_gap_and_no_overlap(days: int, shares: list[Decimal]) -> None:
    start = date(2026, 1, 31)
    period = Period(start=start, end=date.fromordinal(start.toordinal() + days))
    pieces = cut(period, shares)
    assert pieces[0].start == period.start
    assert pieces[-1].end == period.end
    assert all(a.end == b.start for a, b in pairwise(pieces))
    assert sum(piece.days for piece in pieces) == period.days


def test_months_keep_the_day_they_began_on() -> None:
    months = list(Period(start=date(2026, 1, 31), end=date(2026, 5, 31)).months())
    assert [m.start for m in months] == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert months[-1].end == date(2026, 5, 31)
