"""Posting batches: claimed once, named for their work, finished after a crash, taken back item by item (S20 d, R64, R68)."""

import asyncio
from collections.abc import Sequence
from datetime import date

from canonical.billable import Billable
from canonical.charge import ChargeBatch, TakenBack
from canonical.money import Money
from ledger.database import Database
from tests.ledger.billing_firm import JUNE, WHO, Firm, an_item

ERP = "netsuite"


async def claimed(firm: Firm, entity: str, *, most: int = 1_000, size: int = 100) -> Sequence[ChargeBatch]:
    waiting = [one for one in await firm.ledger.charges.waiting() if one.entity == entity]
    scopes = [(one.region, one.day) for one in waiting]
    return await firm.ledger.charges.claim(ERP, entity, scopes, size=size, most=most)


def work(firm: Firm, entity: str, count: int) -> list[Billable]:
    return [an_item(f"{firm.contract}.{n:03}", entity=entity) for n in range(count)]


async def test_batches_that_are_made_at_once_share_nothing_and_have_the_vendors_size(database: Database) -> None:
    firm = Firm(database, "C-charge")
    await firm.approve(*work(firm, "CH01", 250))
    rounds = await asyncio.gather(*(claimed(firm, "CH01", most=60, size=20) for _ in range(8)))
    batches = [batch for batches in rounds for batch in batches]
    names = [item.reference for batch in batches for item in batch.items]
    assert len(names) == len(set(names)) == 250
    assert max(len(batch.items) for batch in batches) == 20
    assert {batch.reference for batch in batches} == {f"{ERP}.{batch.items[0].reference}" for batch in batches}


async def test_what_was_claimed_and_not_posted_is_finished_as_the_same_batch(database: Database) -> None:
    firm = Firm(database, "C-crash")
    await firm.approve(*work(firm, "CH02", 30))
    first, second = await claimed(firm, "CH02", size=20)
    await firm.ledger.charges.posted(first.reference, {item.reference: f"NS-{item.reference}" for item in first.items})
    again = {batch.reference: batch.items for batch in await firm.ledger.charges.unposted(ERP)}
    assert again[second.reference] == second.items and first.reference not in again
    (state,) = await firm.ledger.billables.read([first.items[0].reference])
    assert state.charge_id == f"NS-{first.items[0].reference}"
    await firm.ledger.charges.refused(second.reference)
    assert second.reference not in {batch.reference for batch in await firm.ledger.charges.unposted(ERP)}
    assert second.reference in {batch.reference for batch in await firm.ledger.charges.unposted(ERP, [second.reference])}
    assert await claimed(firm, "CH02") == []


async def test_where_and_when_the_work_was_done_decides_which_account_has_it(database: Database) -> None:
    firm = Firm(database, "C-route")
    july = [an_item(f"C-route.july.{n}", entity="CH03", day=date(2026, 7, 6)) for n in range(3)]
    await firm.approve(*work(firm, "CH03", 2), *july)
    assert {(one.day, one.items) for one in await firm.ledger.charges.waiting() if one.entity == "CH03"} == {
        (JUNE, 2),
        (date(2026, 7, 6), 3),
    }
    (batch,) = await firm.ledger.charges.claim(ERP, "CH03", [("", date(2026, 7, 6))], size=100, most=100)
    assert [item.reference for item in batch.items] == [item.reference for item in july]


async def test_work_that_was_invoiced_first_is_charged_all_the_same(database: Database) -> None:
    firm = Firm(database, "C-first")
    await firm.approve(*work(firm, "CH04", 3))
    await firm.bill("INV-C-first")
    (batch,) = await claimed(firm, "CH04")
    assert len(batch.items) == 3


async def test_an_approval_taken_back_after_posting_takes_the_charge_back_once(database: Database) -> None:
    firm = Firm(database, "C-back")
    await firm.approve(*work(firm, "CH05", 3))
    (batch,) = await claimed(firm, "CH05")
    await firm.ledger.charges.posted(batch.reference, {})
    gone = batch.items[1].reference
    found = await firm.ledger.billables.withdraw([(gone, "kantata", "9")], "un-approved", origin=WHO)
    assert [one.judgement.value for one in found.items] == ["after_export"]
    asked = TakenBack(item=gone, version="9", reason="un-approved")
    assert [await firm.ledger.charges.ask_back([asked]) for _ in range(2)] == [1, 0]
    (wanted,) = [one for one in await firm.ledger.charges.to_take_back(ERP) if one.item == gone]
    assert wanted.batch == batch.reference
    await firm.ledger.charges.taken_back(wanted, origin=WHO)
    assert [one for one in await firm.ledger.charges.to_take_back(ERP) if one.item == gone] == []
    (state,) = await firm.ledger.billables.read([gone])
    assert (state.state, state.charge_id) == ("withdrawn", "") and await claimed(firm, "CH05") == []
    await firm.approve(an_item(gone, entity="CH05", source_version="9a"))
    (again,) = await claimed(firm, "CH05")
    assert [item.reference for item in again.items] == [gone]


async def test_an_item_that_changed_after_posting_comes_in_again_as_it_is(database: Database) -> None:
    firm = Firm(database, "C-change")
    await firm.approve(*work(firm, "CH06", 2))
    (batch,) = await claimed(firm, "CH06")
    revised = an_item(batch.items[0].reference, "3", entity="CH06", source_version="9").model_copy(
        update={"contract": firm.contract, "customer": firm.customer}
    )
    after = await firm.approve(revised)
    assert [one.judgement.value for one in after.items] == ["changed_after_export"]
    await firm.ledger.charges.ask_back([TakenBack(item=revised.reference, version="9", reason="changed", revised=revised)])
    (wanted,) = [one for one in await firm.ledger.charges.to_take_back(ERP) if one.item == revised.reference]
    await firm.ledger.charges.taken_back(wanted, origin=WHO)
    (wanted,) = [one for one in await firm.ledger.charges.to_take_back(ERP) if one.item == revised.reference]
    assert wanted.is_reversed and wanted.revised == revised
    await firm.approve(wanted.revised)
    await firm.ledger.charges.settled(wanted)
    (again,) = await claimed(firm, "CH06")
    assert [(item.reference, item.quantity) for item in again.items] == [(revised.reference, revised.quantity)]
    assert again.reference == f"{ERP}.{revised.reference}.2"
    assert again.items[0].service.start == JUNE


async def test_what_is_to_be_taken_back_is_not_billed_meanwhile_and_may_be_approved_again(database: Database) -> None:
    firm = Firm(database, "C-again")
    await firm.approve(*work(firm, "CH07", 2))
    (batch,) = await claimed(firm, "CH07")
    gone = batch.items[0]
    await firm.ledger.charges.ask_back([TakenBack(item=gone.reference, version="9", reason="un-approved")])
    claim = await firm.bill("INV-C-again")
    assert [document.items for document in claim.documents] == [1]
    await firm.approve(an_item(gone.reference, entity="CH07", source_version="9a"))
    (wanted,) = [one for one in await firm.ledger.charges.to_take_back(ERP) if one.item == gone.reference]
    await firm.ledger.charges.taken_back(wanted, origin=WHO)
    (again,) = await claimed(firm, "CH07")
    assert [item.reference for item in again.items] == [gone.reference]


async def test_what_is_rated_anew_after_it_was_posted_asks_for_its_charge_to_say_so_once(database: Database) -> None:
    firm = Firm(database, "C-revise")
    await firm.approve(*work(firm, "CH09", 2))
    (batch,) = await claimed(firm, "CH09")
    item, rate = batch.items[0], Money.of("240", "USD")
    dearer = [item.model_copy(update={"rate": rate, "amount": rate * item.quantity, "rate_version": "v2"})]
    await firm.ledger.entries.accept(dearer, batch="rates/v2", origin=WHO, anew=True)
    charges = firm.ledger.charges
    assert not await charges.to_revise(ERP), "not posted yet: it is posted at its old price first"
    await charges.posted(batch.reference, {})
    assert [one.amount for one in await charges.to_revise(ERP) if one.contract == firm.contract] == [dearer[0].amount]
    assert ERP in await charges.systems()
    await charges.revised(dearer[0].reference)
    await firm.ledger.entries.accept(dearer, batch="rates/v2", origin=WHO, anew=True)
    assert not [one for one in await charges.to_revise(ERP) if one.contract == firm.contract]
