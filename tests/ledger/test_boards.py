"""What is expected, polled, planned, and shown on boards."""

from datetime import UTC, date, datetime, timedelta

from canonical.billing_schedule import RevenuePlan, RevenuePlanItem
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.expectation import Expectation
from canonical.money import Money
from canonical.period import Period
from ledger.audit import Audit
from ledger.clock import BusinessClock
from ledger.database import Database
from ledger.effects import Effects
from ledger.engagements import Engagements
from ledger.expectations import Expectations
from ledger.planned_revenue import PlannedRevenue
from ledger.watermarks import Watermarks
from tests.ledger.vendor import ORIGIN, Target, a_write, declared


def a_plan(*amounts: str) -> RevenuePlan:
    """Months of straight-line revenue."""
    items = [
        RevenuePlanItem(line="L1", treatment="straight_line", period=Period.month(2026, month), amount=Money.of(amount, "USD"))
        for month, amount in enumerate(amounts, 4)
    ]
    return RevenuePlan(reference="C-1", currency="USD", items=tuple(items))


async def test_what_does_not_come_to_pass_is_healed_once_and_raised_until_told(database: Database) -> None:
    expectations, clock = Expectations(database), BusinessClock(database)
    now = await clock.now()
    awaited = Expectation(
        key="activation/C-1/1",
        what="Contract C-1 becomes an active project.",
        reference="C-1",
        engagement="C-1",
        entity="US01",
        heal_at=now + timedelta(minutes=15),
        raise_at=now + timedelta(hours=4),
        money=Money.of("100000.00", "USD"),
    )
    met = awaited.changed(key="activation/C-2/1", money=None, engagement="C-2")
    for expectation in (awaited, met, awaited.changed(raise_at=now, heal_at=now)):
        await expectations.expect(expectation)
    assert [await expectations.to_heal(), await expectations.to_raise()] == [[], []], "one that exists stays as it is"
    await expectations.meet([met.key])
    await clock.advance(timedelta(minutes=16))
    assert [await expectations.to_heal(), await expectations.to_heal()] == [[awaited], []]
    await clock.advance(timedelta(hours=4))
    assert [await expectations.to_raise(), await expectations.to_raise()] == [[awaited], [awaited]]
    assert await expectations.unmet() == [awaited]
    await expectations.raised([awaited.key])
    assert await expectations.to_raise() == []
    assert await expectations.unmet("C-2") == []


async def test_a_watermark_never_goes_back(database: Database) -> None:
    marks, noon = Watermarks(database), datetime(2026, 6, 30, 12, tzinfo=UTC)
    assert await marks.read("salesforce") is None
    await marks.advance("salesforce", noon)
    await marks.advance("salesforce", noon - timedelta(hours=1))
    assert await marks.read("salesforce") == noon


async def test_an_engagement_keeps_what_an_update_does_not_name(database: Database) -> None:
    engagements = Engagements(database)
    await engagements.update(EngagementRow(reference="C-1", status=EngagementStatus.RECEIVED, customer="ACME"))
    whole = EngagementRow(
        reference="C-1",
        status=EngagementStatus.ACTIVE,
        title="Rollout",
        customer="ACME",
        entity="US01",
        correlation="C-1",
        version=2,
        value=Money.of("300000.00", "USD"),
        executed_at=datetime(2026, 4, 1, 9, tzinfo=UTC),
        activated_at=datetime(2026, 4, 1, 10, tzinfo=UTC),
        targets={"kantata project": "77"},
        note="done",
    )
    await engagements.update(whole)
    await engagements.update(EngagementRow(reference="C-1", targets={"netsuite project": "88"}))
    assert await engagements.read("C-1") == whole.changed(targets={"kantata project": "77", "netsuite project": "88"})
    assert await engagements.read("C-404") is None


async def test_a_customer_in_use_is_known(database: Database) -> None:
    engagements = Engagements(database)
    for reference, status in (("U-1", "active"), ("U-2", "withdrawn"), ("U-3", "parked")):
        await engagements.update(EngagementRow(reference=reference, customer="USED", status=EngagementStatus(status)))
    assert await engagements.using_customer("USED", besides="U-1") == 1
    assert [row.reference for row in await engagements.board(customer="USED", status="parked")] == ["U-3"]


async def test_an_engagement_is_found_by_whatever_bears_its_mark(database: Database) -> None:
    target, write = Target(), a_write("create_project/HELD", origin=ORIGIN.changed(engagement="HELD"))
    written = await Effects(database).once(
        write, request={}, call=target.call(write.key), look_up=target.look_up(write.key), declared=declared()
    )
    engagements = Engagements(database)
    found = [await engagements.holding(mark) for mark in (written.target_id, written.number, write.key, "", "nobody's")]
    assert found == ["HELD", "HELD", "HELD", None, None]


async def test_lines_that_join_a_plan_stand_beside_it_and_go_alone(database: Database) -> None:
    plans, late, origin = PlannedRevenue(database), a_plan("9000"), ORIGIN.changed(engagement="C-2")
    late = late.model_copy(
        update={"reference": "C-2", "items": tuple(one.model_copy(update={"line": "L9"}) for one in late.items)}
    )
    await plans.plan_revenue(a_plan("6000").model_copy(update={"reference": "C-2"}), version=1, origin=origin)
    first = await plans.lines_of("C-2")
    for _ in range(2):
        await plans.extend(late, version=1, origin=origin)
    assert await plans.lines_of("C-2") == sorted([*first, "L9"])
    assert len(await plans.of("C-2", version=1)) == 2
    for _ in range(2):
        await plans.withdraw_lines(late, version=1, origin=origin)
    assert await plans.lines_of("C-2") == first


async def test_a_revenue_plan_is_set_changed_and_withdrawn(database: Database) -> None:
    plans = PlannedRevenue(database)
    for _ in range(2):
        await plans.plan_revenue(a_plan("6000", "6000", "6000"), version=1, origin=ORIGIN)
    assert list(await plans.of("C-1", version=1)) == list(a_plan("6000", "6000", "6000").items)
    await plans.plan_revenue(a_plan("5000", "7000"), version=1, origin=ORIGIN)
    items = await plans.of("C-1", version=1)
    assert [(item.period.start, item.amount) for item in items] == [
        (date(2026, 4, 1), Money.of("5000", "USD")),
        (date(2026, 5, 1), Money.of("7000", "USD")),
    ]
    for _ in range(2):
        await plans.withdraw("C-1", version=1, origin=ORIGIN)
    assert await plans.of("C-1", version=1) == []
    actions = [noted.entry.action for noted in await Audit(database).story("C-100")]
    assert actions == ["plan_revenue"] * 3 + ["withdraw_revenue_plan"]
