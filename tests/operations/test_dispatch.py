"""Deliveries on their way to the engine: each handed on once however many dispatchers run, and none lost while a part is away."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from canonical.event import InboxRow
from ledger.books import Books
from ledger.inbox import Inbox
from operations.dispatch import Dispatcher
from runtime.embedded.postgres import APP, Postgres
from runtime.embedded.temporal import Temporal
from runtime.plugin import handoff_plugin
from tests.activities.firm import a_delivery
from tests.gateway.relay import a_relay
from tests.operations.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Noting(Inbox):
    """The real inbox, which notes what each caller claimed."""

    def __init__(self, books: Books) -> None:
        super().__init__(books.database)
        self.claimed: list[int] = []

    async def waiting(self, limit: int) -> list[InboxRow]:
        rows = list(await super().waiting(limit))
        self.claimed += [row.number for row in rows]
        return rows


async def arrive(books: Books, contract: str | None, number: int = 1) -> list[int]:
    run = uuid4().hex
    return list((await books.inbox.receive([a_delivery(contract, f"{run}/{n}") for n in range(number)])).new)


async def signals(client: Client, workflow_id: str) -> int:
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    return sum(event.HasField("workflow_execution_signaled_event_attributes") for event in history.events)


async def test_two_dispatchers_never_hand_on_the_same_row(books: Books, client: Client) -> None:
    contracts = [f"C-D{n}-{uuid4().hex[:4]}" for n in range(4)]
    expected = [number for contract in contracts for number in await arrive(books, contract, 60)]
    inboxes = [Noting(books), Noting(books)]
    handed = await asyncio.gather(*(Dispatcher(client, inbox).dispatch_waiting() for inbox in inboxes))
    while await Dispatcher(client, inboxes[0]).dispatch_waiting():
        pass
    claimed = Counter(number for inbox in inboxes for number in inbox.claimed)
    assert all(count > 0 for count in handed)
    assert sorted(claimed) == sorted(expected) and set(claimed.values()) == {1}
    assert [await signals(client, f"engagement/{contract}") for contract in contracts] == [60] * 4


async def settle_all(books: Books) -> None:
    """Leave nothing that earlier tests handed on, and nobody concluded, to be handed on again."""
    await books.database.execute("UPDATE inbox SET outcome = 'taken' WHERE outcome IS NULL")


async def test_a_delivery_that_names_no_contract_is_to_be_identified_first(books: Books, client: Client) -> None:
    await settle_all(books)
    [number] = await arrive(books, None)
    assert await Dispatcher(client, books.inbox).dispatch_waiting() == 1
    described = await client.get_workflow_handle(f"identify_event/{number}").describe()
    assert described.workflow_type == "identify_event"


async def test_what_arrives_is_handed_on_at_once_while_a_dispatcher_runs(books: Books, client: Client) -> None:
    contracts = [f"C-W{n}-{uuid4().hex[:6]}" for n in range(2)]
    async with Dispatcher(client, books.inbox, looks_every=3600).running():  # only the database's word wakes it
        for contract in contracts:  # it sleeps when the second comes
            await arrive(books, contract)
            await until(lambda name=contract: has_begun(client, name), bool)  # type: ignore[misc]


async def has_begun(client: Client, contract: str) -> bool:
    try:
        await client.get_workflow_handle(f"engagement/{contract}").describe()
    except RPCError:
        return False
    return True


async def forget_claims(books: Books) -> None:
    """As if the minute of each claim had passed."""
    await books.database.execute("UPDATE inbox SET claimed_until = NULL WHERE outcome IS NULL")


async def test_while_the_engine_is_away_deliveries_wait_and_then_go_on(books: Books, tmp_path: Path) -> None:
    contract, engine = (
        f"C-E-{uuid4().hex[:6]}",
        Temporal(tmp_path, search_attributes={"Engagement": "Keyword", "CorrelationId": "Keyword"}),
    )
    async with engine:
        client = await Client.connect(engine.address, plugins=[handoff_plugin(None)])
        await settle_all(books)
        async with Dispatcher(client, books.inbox).running():
            await engine.stop()
            await arrive(books, contract)
            await until(lambda: claims(books, contract), lambda count: count >= 1)
            await engine.start()
            await forget_claims(books)
            await arrive(books, contract)  # wakes it
            await until(lambda: has_begun(client, contract), bool)


async def claims(books: Books, contract: str) -> int:
    count: int = await books.database.value("SELECT coalesce(max(claims), 0) FROM inbox WHERE contract = $1", contract)
    return count


async def test_a_dispatcher_outlives_a_cut_wire_to_the_database(
    books: Books, server: Postgres, database_name: str, client: Client
) -> None:
    contract = f"C-B-{uuid4().hex[:6]}"
    async with a_relay(server.port) as relay:
        dsn = server.dsn(database_name, role=APP).replace(f":{server.port}/", f":{relay.port}/")
        async with Books.open(dsn, connections=3) as wired, Dispatcher(client, wired.inbox).running():
            await asyncio.sleep(0.1)
            await relay.cut()
            await arrive(books, contract)
            await asyncio.sleep(0.2)
            await relay.mend()
            await until(lambda: has_begun(client, contract), bool)


async def test_one_row_that_cannot_be_handed_on_does_not_hold_up_the_others(books: Books, client: Client) -> None:
    good, poison = f"C-G-{uuid4().hex[:6]}", "C-" + "x" * 2_000  # longer than the engine takes an id
    await arrive(books, poison)
    await arrive(books, good)
    with pytest.raises(RPCError):
        await Dispatcher(client, books.inbox).dispatch_waiting()
    assert await has_begun(client, good)
    waiting: Any = await books.database.value("SELECT outcome FROM inbox WHERE contract = $1", poison)
    assert waiting is None  # it comes again
