"""The watchman's round, run twice: polls with overlap, keeps its mark, heals once, raises once, lets parked things go on."""

from datetime import datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.sweep import FIRST_WINDOW, OVERLAP, Polled, SweepActivities, Swept
from canonical.event import InboundEvent
from canonical.expectation import Expectation
from ledger.exceptions import CaseFilter
from tests.activities.firm import Firm, a_delivery


async def poll(firm: Firm) -> Polled:
    [bound] = [one for one in firm.activities() if one.__qualname__ == SweepActivities.poll_sources.__qualname__]
    found: list[Polled] = await ActivityEnvironment().run(bound)
    return found[0]


async def sweep(firm: Firm) -> Swept:
    [bound] = [one for one in firm.activities() if one.__qualname__ == SweepActivities.heal_and_raise.__qualname__]
    swept: Swept = await ActivityEnvironment().run(bound)
    return swept


def a_change(number: int, at: datetime) -> InboundEvent:
    return a_delivery("S-1", f"change-{number}", source="salesforce", object_kind="deal", occurred_at=at)


async def test_polling_overlaps_and_counts_what_is_known(firm: Firm) -> None:
    now = await firm.books.clock.now()
    firm.crm.changed = [a_change(n, now - timedelta(minutes=30 - n)) for n in range(3)]
    first = await poll(firm)
    assert (first.new, first.known, first.failure) == (3, 0, "")
    mark = await firm.books.watermarks.read("salesforce")
    assert mark is not None and mark == firm.crm.changed[-1].occurred_at
    until = await firm.books.clock.now()
    second = await poll(firm)
    assert (second.new, second.known) == (0, 3)
    assert now - FIRST_WINDOW <= firm.crm.windows[0][0] + OVERLAP <= until - FIRST_WINDOW
    assert firm.crm.windows[1][0] == mark - OVERLAP
    assert await firm.books.watermarks.read("salesforce") == mark


async def test_a_source_that_is_down_is_asked_again_from_the_same_mark(firm: Firm) -> None:
    before = await firm.books.watermarks.read("salesforce")
    now = await firm.books.clock.now()
    firm.crm.changed, firm.crm.is_down = [a_change(9, now - timedelta(seconds=1))], True
    polled = await poll(firm)
    assert polled.failure == "503" and await firm.books.watermarks.read("salesforce") == before
    firm.crm.is_down = False
    assert (await poll(firm)).new == 1


async def test_the_mark_is_never_ahead_of_our_own_clock(firm: Firm) -> None:
    now = await firm.books.clock.now()

    async def from_the_future(since: datetime, until: datetime):  # type: ignore[no-untyped-def]
        yield a_change(10, now + timedelta(days=3))

    firm.crm.changes = from_the_future  # type: ignore[method-assign]
    await poll(firm)
    mark = await firm.books.watermarks.read("salesforce")
    assert mark is not None and mark <= await firm.books.clock.now()


async def test_what_did_not_happen_is_healed_once_and_raised_once(firm: Firm) -> None:  # S33
    now = await firm.books.clock.now()
    missing = Expectation(
        key="activation/S-33/1",
        what="An executed contract becomes an active project.",
        reference="S-33",
        engagement="S-33",
        heal_at=now + timedelta(minutes=15),
        raise_at=now + timedelta(hours=4),
    )
    await firm.books.expectations.expect(missing)
    assert (await sweep(firm)).healed == []
    await firm.books.clock.advance(timedelta(minutes=16))
    assert [(await sweep(firm)).healed for _ in range(2)] == [[missing.key], []]
    [(row, _)] = await firm.books.inbox.story("S-33")
    assert (row.event.source, row.event.event_id, row.contract) == ("handoff", f"heal/{missing.key}", "S-33")
    await firm.books.clock.advance(timedelta(hours=4))
    assert [(await sweep(firm)).raised for _ in range(2)] == [[missing.key], []]
    [case] = await firm.books.cases.list(CaseFilter(engagement="S-33"))
    assert case.code == "ACTIVATION_OVERDUE" and case.sentence.startswith(missing.what) and case.due_at is not None


@pytest.mark.parametrize("is_met", [True, False])
async def test_what_came_to_pass_is_neither_healed_nor_raised(firm: Firm, is_met: bool) -> None:
    now, key = await firm.books.clock.now(), f"execution/S-{is_met}"
    await firm.books.expectations.expect(Expectation(key=key, what="x", reference="S-4", raise_at=now + timedelta(hours=1)))
    if is_met:
        await firm.books.expectations.meet([key])
    await firm.books.clock.advance(timedelta(hours=2))
    assert (key in (await sweep(firm)).raised) is not is_met


async def test_what_was_parked_is_handed_on_again_after_a_while(firm: Firm) -> None:
    [number] = await firm.receive("S-5", "a")
    await firm.books.inbox.conclude([number], "parked")
    assert (await sweep(firm)).unparked == 0
    await firm.books.clock.advance(timedelta(minutes=6))
    assert (await sweep(firm)).unparked >= 1
    assert number in {row.number for row in await firm.books.inbox.waiting(100)}


async def test_an_exception_that_nobody_settles_moves_up(firm: Firm) -> None:
    now = await firm.books.clock.now()
    key = "activation/S-6/1"
    await firm.books.expectations.expect(Expectation(key=key, what="x", reference="S-6", engagement="S-6", raise_at=now))
    await sweep(firm)
    [case] = await firm.books.cases.list(CaseFilter(engagement="S-6"))
    await firm.books.clock.advance(timedelta(days=4))
    assert case.number in (await sweep(firm)).escalated
    assert case.number not in (await sweep(firm)).escalated
    assert (await firm.books.cases.read(case.number)).owner_role != case.owner_role
