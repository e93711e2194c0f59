"""Deliveries: kept once, counted always, handed on until somebody concludes them (S18)."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from canonical.event import FactKind, InboundEvent
from ledger.clock import BusinessClock
from ledger.database import Database, Plain
from ledger.inbox import Inbox

Answer = TypeVar("Answer")
PATIENCE = 60.0


def an_event(event_id: str = "E-1", source: str = "docusign", contract: str | None = "C-100") -> InboundEvent:
    """A delivery."""
    return InboundEvent(
        source=source,
        event_id=event_id,
        kind=FactKind.CONTRACT_EXECUTED,
        object_kind="envelope",
        object_id="ENV-7",
        contract=contract,
        claims={"value": "300000"},
    )


async def _conclude_all(inbox: Inbox) -> None:
    """Leave nothing for the next test to claim."""
    rows = await inbox.waiting(10_000)
    await inbox.conclude([row.number for row in rows], "taken")


async def test_a_storm_of_500_deliveries_with_4_ids_is_4_rows_and_499_duplicates(database: Database) -> None:
    inbox = Inbox(database)
    storm = [an_event(f"storm-{n % 4}", source=("docusign", "salesforce")[n % 2]) for n in range(500)]
    received = await asyncio.gather(*(inbox.receive([event]) for event in storm))
    new = [number for answer in received for number in answer.new]
    assert (len(new), sum(answer.duplicates for answer in received)) == (4, 496)
    await inbox.conclude(new[:1], "taken")
    await inbox.conclude(new[1:], "duplicate")
    counts = await inbox.counts("C-100")
    assert sum(count.duplicates for count in counts) == 499
    assert sum(count.deliveries for count in counts) == 500


async def test_a_batch_may_hold_the_same_delivery_twice(database: Database) -> None:
    inbox = Inbox(database)
    received = await inbox.receive([an_event("batch-1"), an_event("batch-2"), an_event("batch-1")])
    assert (len(received.new), received.duplicates) == (2, 1)
    rows = await inbox.rows(received.new)
    assert [row.event for row in rows] == [an_event("batch-1"), an_event("batch-2")]
    assert [row.deliveries for row in rows] == [2, 1]
    assert (await inbox.receive([])).new == ()
    await _conclude_all(inbox)


async def test_a_claimed_row_is_given_to_nobody_else_until_its_claim_ends(database: Database) -> None:
    inbox = Inbox(database)
    await inbox.receive([an_event(f"claim-{n}") for n in range(30)])
    taken = await asyncio.gather(*(inbox.waiting(10) for _ in range(5)))
    assert len({row.number for rows in taken for row in rows}) == sum(len(rows) for rows in taken) == 30
    assert max(len(rows) for rows in taken) <= 10
    nearly, rest = [timedelta(seconds=30), timedelta(seconds=90)], timedelta(seconds=30)  # of one minute, then of two
    earlier = "UPDATE inbox SET claimed_until = claimed_until - $1::interval WHERE outcome IS NULL"
    for pause in nearly:
        await database.execute(earlier, pause)
        assert await inbox.waiting(100) == []
        await database.execute(earlier, rest)
        assert len(await inbox.waiting(100)) == 30
    await database.execute("UPDATE inbox SET claimed_until = now() - interval '1 s' WHERE outcome IS NULL")
    await _conclude_all(inbox)
    assert await inbox.waiting(100) == []


async def test_a_delivery_that_cannot_be_placed_is_parked_and_comes_back(database: Database) -> None:
    inbox, clock = Inbox(database), BusinessClock(database)
    [number] = (await inbox.receive([an_event("lonely", contract=None)])).new
    await inbox.waiting(10)
    await inbox.conclude([number], "parked")
    assert await inbox.waiting(10) == [] and await inbox.unpark(older_than=timedelta(minutes=5)) == 0
    await clock.advance(timedelta(minutes=6))
    assert [row.number for row in await inbox.parked(older_than=timedelta(minutes=5))] == [number]
    assert await inbox.unpark(older_than=timedelta(minutes=5)) == 1
    assert [row.number for row in await inbox.waiting(10)] == [number]
    await inbox.assign(number, "C-200")
    assert [row.contract for row in await inbox.waiting(10)] == ["C-200"]
    await _conclude_all(inbox)


async def test_the_story_of_a_contract_is_every_delivery_and_what_became_of_it(database: Database) -> None:
    inbox = Inbox(database)
    received = await inbox.receive([an_event("story-1", contract="C-400"), an_event("story-2", contract="C-400")])
    await inbox.conclude(received.new[:1], "stale")
    story = await inbox.story("C-400")
    assert [(row.event.event_id, outcome) for row, outcome in story] == [("story-1", "stale"), ("story-2", "waiting")]
    await _conclude_all(inbox)


async def test_whoever_listens_hears_of_new_assigned_and_unparked_rows(database: Database) -> None:
    inbox = Inbox(database)
    async with inbox.listening() as woken:
        await asyncio.wait_for(woken.wait(), PATIENCE)  # it listens now
        [number] = (await _heard(woken, inbox.receive([an_event("heard", contract=None)]))).new
        await _heard(woken, inbox.assign(number, "C-300"))
        await inbox.conclude([number], "parked")
        await _heard(woken, inbox.unpark(older_than=timedelta(0)))
        await inbox.conclude([number], "parked")
        assert await _heard(woken, inbox.unpark_of("C-300")) == 1 and await inbox.unpark_of("C-300") == 0
        woken.clear()
        await inbox.receive([an_event("heard", contract=None)])
        await asyncio.sleep(0.05)
        assert not woken.is_set(), "a repeat is no news"
    await _conclude_all(inbox)


async def _heard(woken: asyncio.Event, doing: Awaitable[Answer]) -> Answer:
    woken.clear()
    answer = await doing
    await asyncio.wait_for(woken.wait(), PATIENCE)
    return answer


async def test_a_listener_survives_the_loss_of_its_connection(database: Database, superuser: Plain) -> None:
    inbox = Inbox(database)
    async with inbox.listening() as woken:
        await asyncio.wait_for(woken.wait(), PATIENCE)
        ended = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        woken.clear()
        assert await superuser.fetchval(ended)
        await asyncio.wait_for(woken.wait(), PATIENCE)  # it listens again
        await _heard(woken, inbox.receive([an_event("after the loss")]))
    await _conclude_all(inbox)


async def test_refused_deliveries_are_only_counted(database: Database) -> None:
    inbox = Inbox(database)
    for source in ("docusign", "docusign", "salesforce"):
        await inbox.count_refused(source)
    assert await inbox.refused() == {"docusign": 2, "salesforce": 1}
