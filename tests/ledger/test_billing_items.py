"""Items come in once, in any order, and are billed once: new, known, changed, withdrawn, told twice, frozen (R61, R67, R71)."""

import asyncio
from datetime import date
from decimal import Decimal

import asyncpg
import pytest

from canonical.billable import CreditDisposition
from canonical.errors import Malformed, Rejected, Transient
from canonical.intake import Judgement
from canonical.rules.retroactive import reprice
from ledger.database import Database
from tests.ledger.billing_firm import WHO, Firm, an_item, nets, usd


async def test_an_item_comes_in_once_however_often_it_is_told(database: Database) -> None:
    firm = Firm(database, "C-once")
    items = [an_item(f"once.{n}") for n in range(5)]
    assert (await firm.approve(*items)).counts == {Judgement.NEW: 5}
    assert (await firm.approve(*items)).counts == {Judgement.KNOWN: 5}
    (read,) = await firm.ledger.billables.read(["once.3"])
    assert read.item == items[3].model_copy(update={"contract": "C-once", "customer": firm.customer})
    assert (read.balance.approved, read.balance.open) == (usd(200), usd(200))


async def test_a_newer_version_changes_what_is_not_billed_and_an_older_one_nothing(database: Database) -> None:
    firm = Firm(database, "C-versions")
    await firm.approve(an_item("v.1", source_version="3"))
    assert (await firm.approve(an_item("v.1", "9", source_version="2"))).counts == {Judgement.OLDER: 1}
    assert (await firm.approve(an_item("v.1", "2", source_version="4"))).counts == {Judgement.CHANGED: 1}
    assert (await firm.balance("v.1")).approved == usd(400)
    again = await firm.approve(an_item("v.1", "3", source_version="4"))
    assert [(one.judgement, one.was, one.now) for one in again.items] == [(Judgement.CONFLICTING, usd(400), usd(600))]
    both = await firm.approve(an_item("v.1", "5", source_version="6"), an_item("v.1", "7", source_version="5"))
    assert both.counts == {Judgement.CHANGED: 1}
    assert (await firm.balance("v.1")).approved == usd(1000)


async def test_what_changes_after_billing_is_left_for_the_process_to_decide(database: Database) -> None:
    firm = Firm(database, "C-after")
    await firm.approve(an_item("after.1", "8", source_version="1"), an_item("after.2", source_version="1"))
    await firm.bill("INV-after")
    touched = await firm.approve(an_item("after.2", source_version="2", rate="999"))
    assert touched.counts == {Judgement.KNOWN: 1}  # the same work, merely rated otherwise: what is billed stays as it was rated
    for _ in range(2):
        intake = await firm.approve(an_item("after.1", "6", source_version="2"))
        assert [(one.judgement, one.was, one.now) for one in intake.items] == [
            (Judgement.CHANGED_AFTER_BILLING, usd(1600), usd(1200))
        ]
    await firm.ledger.billables.settle_change("after.1", "2")
    (state,) = await firm.ledger.billables.read(["after.1"])
    assert (state.balance.approved, state.item.source_version) == (usd(1600), "2")


async def test_only_rating_anew_changes_a_rate_and_only_what_is_not_billed(database: Database) -> None:
    firm = Firm(database, "C-anew")
    await firm.approve(an_item("anew.1", "20", "225"))
    assert (await firm.approve(an_item("anew.1", "20", "240"))).counts == {Judgement.KNOWN: 1}
    assert (await firm.balance("anew.1")).approved == usd(4500)
    anew = await firm.approve(an_item("anew.1", "20", "240", rate_version="RC-1/2"), anew=True)
    assert anew.counts == {Judgement.CHANGED: 1}
    assert (await firm.balance("anew.1")).approved == usd(4800)
    await firm.bill("INV-anew")
    assert (await firm.approve(an_item("anew.1", "20", "260"), anew=True)).counts == {Judgement.KNOWN: 1}
    assert (await firm.balance("anew.1")).approved == usd(4800)


async def test_approval_taken_back_before_billing_withdraws_even_before_it_comes(database: Database) -> None:
    firm = Firm(database, "C-back")
    await firm.approve(an_item("back.1", source_version="1"), an_item("back.2", source_version="1"))
    taken_back = [("back.1", "kantata", "2"), ("back.9", "kantata", "5")]
    for counts in ({Judgement.WITHDRAWN: 1, Judgement.UNKNOWN: 1}, {Judgement.KNOWN: 2}):
        assert (await firm.ledger.billables.withdraw(taken_back, "not approved any more", origin=WHO)).counts == counts
    assert (await firm.approve(an_item("back.9", source_version="4"))).counts == {Judgement.OLDER: 1}
    assert nets(await firm.bill("INV-back")) == ["200.00"]
    after = await firm.ledger.billables.withdraw([("back.2", "kantata", "2")], "too late", origin=WHO)
    assert [(one.reference, one.judgement, one.was) for one in after.items] == [("back.2", Judgement.AFTER_BILLING, usd(200))]
    assert (await firm.approve(an_item("back.9", "6", "180", source_version="6"))).counts == {Judgement.CHANGED: 1}
    assert nets(await firm.bill("INV-back-2")) == ["1080.00"]


async def test_what_is_credited_once_its_approval_is_gone_is_billed_only_when_approved_anew(
    database: Database,
) -> None:
    firm = Firm(database, "C-unapproved")
    await firm.approve(an_item("un.1", "8", source_version="1"), an_item("un.2", source_version="1"))
    await firm.bill("INV-un")
    taken_back = [("un.1", "kantata", "2")]
    for _ in range(2):
        gone = await firm.ledger.billables.withdraw(taken_back, "not approved any more", origin=WHO)
        assert gone.counts == {Judgement.AFTER_BILLING: 1}
    await firm.credit("CM-un", "INV-un", [("un.1", "", CreditDisposition.REOPENED)])
    assert (await firm.bill("INV-un-2")).documents == ()
    assert (await firm.approve(an_item("un.1", "8", source_version="1"))).counts == {Judgement.OLDER: 1}
    assert (await firm.ledger.billables.withdraw(taken_back, "still not", origin=WHO)).counts == {Judgement.WITHDRAWN: 1}
    assert (await firm.balance("un.1")).approved == usd(0)
    assert (await firm.approve(an_item("un.1", "6", source_version="3"))).counts == {Judgement.CHANGED: 1}
    assert nets(await firm.bill("INV-un-3")) == ["1200.00"]


async def test_an_approval_that_is_restored_as_it_was_frees_what_was_held(database: Database) -> None:
    firm = Firm(database, "C-restored")
    await firm.approve(an_item("re.1", "8", source_version="1"))
    await firm.bill("INV-re")
    await firm.ledger.billables.withdraw([("re.1", "kantata", "2")], "not approved any more", origin=WHO)
    assert (await firm.approve(an_item("re.1", "8", source_version="3"))).counts == {Judgement.KNOWN: 1}
    (state,) = await firm.ledger.billables.read(["re.1"])
    assert (state.state, state.hold_code, state.item.source_version) == ("open", "", "3")


async def test_what_changed_after_billing_is_not_billed_again_as_it_was(database: Database) -> None:
    firm = Firm(database, "C-other")
    await firm.approve(an_item("ot.1", "8", source_version="1"))
    await firm.bill("INV-ot")
    for _ in range(2):
        changed = await firm.approve(an_item("ot.1", "6", source_version="2"))
        assert changed.counts == {Judgement.CHANGED_AFTER_BILLING: 1}
        await firm.approve(an_item("ot.1", "8", source_version="1"))  # an overlapping window tells the old one again
    await firm.credit("CM-ot", "INV-ot", [("ot.1", "", CreditDisposition.REOPENED)])
    assert (await firm.bill("INV-ot-2")).documents == ()
    assert (await firm.approve(an_item("ot.1", "6", source_version="2"))).counts == {Judgement.CHANGED: 1}
    assert nets(await firm.bill("INV-ot-3")) == ["1200.00"]


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
async def test_the_same_work_under_two_names_waits_for_a_person(database: Database, order: tuple[str, str]) -> None:
    firm = Firm(database, f"C-twins-{order[0]}")
    first, second = (f"twin-{order[0]}.{name}" for name in order)
    same = an_item("x").work
    await firm.approve(an_item(first, "8", work=same))
    intake = await firm.approve(an_item(second, "8", work=same))
    last, kept = max(first, second), min(first, second)
    assert [(one.reference, one.same_as, one.now) for one in intake.of(Judgement.DUPLICATE)] == [(last, kept, usd(1600))]
    states = {state.item.reference: (state.state, state.hold_code) for state in await firm.ledger.billables.read([first, second])}
    assert states == {kept: ("open", ""), last: ("held", "DUPLICATE_ENTRY")}
    await firm.ledger.billables.release([last], origin=WHO)  # a person says that both are real
    await firm.approve(an_item(second, "8", work=same))
    assert nets(await firm.bill(f"INV-{order[0]}")) == ["3200.00"]


async def test_a_twin_is_free_when_the_other_goes(database: Database) -> None:
    firm = Firm(database, "C-free")
    same = an_item("x").work
    intake = await firm.approve(an_item("free.1", work=same), an_item("free.2", work=same), an_item("free.3", "2", work=same))
    assert [one.reference for one in intake.of(Judgement.DUPLICATE)] == ["free.2"]
    await firm.ledger.billables.withdraw([("free.1", "kantata", "9")], "deleted", origin=WHO)
    (state,) = await firm.ledger.billables.read(["free.2"])
    assert (state.state, state.hold_code) == ("open", "")
    await firm.approve(an_item("free.4", "2", work=same))
    await firm.approve(an_item("free.3", "5", work=same, source_version="9"))  # corrected: it is other work now
    (state,) = await firm.ledger.billables.read(["free.4"])
    assert state.state == "open"


async def test_twins_that_come_at_the_same_time_are_seen(database: Database) -> None:
    firm = Firm(database, "C-race")
    same = an_item("x").work
    intakes = await asyncio.gather(*(firm.approve(an_item(f"race.{n:02}", work=same)) for n in range(12)))
    assert sum(intake.count(Judgement.NEW) for intake in intakes) == 12
    assert nets(await firm.bill("INV-race")) == ["200.00"]
    assert len(await firm.ledger.billables.held_under("DUPLICATE_ENTRY", contract="C-race")) == 11


async def test_what_an_amendment_froze_is_not_billed_and_neither_is_what_comes_meanwhile(database: Database) -> None:
    firm = Firm(database, "C-ice")
    await firm.approve(an_item("ice.1"), an_item("ice.2", line="L2"), an_item("ice.3", line="L2"))
    await firm.ledger.billables.hold(["ice.3"], "DISPUTED", "asks why", origin=WHO)
    frozen = await firm.ledger.billables.freeze("amend/CO-1", "C-ice", line="L2", origin=WHO)
    assert [(one.line, one.items, one.amount) for one in frozen] == [("L2", 2, usd(400))]
    await firm.approve(an_item("ice.4", line="L2"))
    await firm.ledger.billables.release(["ice.3"], origin=WHO)
    assert nets(await firm.bill("INV-ice")) == ["200.00"]
    assert [row.state for row in await firm.ledger.traces.backlog(contract="C-ice")] == ["frozen", "on_invoice_proposed"]
    assert await firm.ledger.billables.unfreeze("amend/CO-1", origin=WHO) == 3
    assert nets(await firm.bill("INV-ice-2")) == ["600.00"]


async def test_two_amendments_hold_the_same_items_until_both_are_through(database: Database) -> None:
    firm = Firm(database, "C-ice2")
    await firm.approve(an_item("ice2.1"))
    await firm.ledger.billables.freeze("amend/A", "C-ice2", origin=WHO)
    assert await firm.ledger.billables.freeze("amend/B", "C-ice2", origin=WHO) == []
    await firm.ledger.billables.unfreeze("amend/A", origin=WHO)
    assert nets(await firm.bill("INV-ice2")) == []
    await firm.ledger.billables.unfreeze("amend/B", origin=WHO)
    assert nets(await firm.bill("INV-ice2-b")) == ["200.00"]


async def test_money_that_does_not_fit_its_currency_is_refused_at_the_door(database: Database) -> None:
    firm = Firm(database, "C-door")
    with pytest.raises(Malformed, match=r"door\.1 has the amount 0\.001 USD"):
        await firm.approve(an_item("door.0"), an_item("door.1", amount=usd("0.001")))
    assert await firm.ledger.billables.read(["door.0", "door.1"]) == []


async def test_a_rate_of_zero_is_never_billed(database: Database) -> None:
    firm = Firm(database, "C-zero")
    await firm.approve(an_item("zero.1", "8", "0"))
    assert nets(await firm.bill("INV-zero")) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billables SET billed = 1",
        "UPDATE billables SET closed = 1",
        "INSERT INTO billables (reference, credited) VALUES ('forged', 1)",
        "UPDATE allocations SET amount = 1",
        "DELETE FROM billables",
        "UPDATE sub_ledgers SET balance = 1",
        "INSERT INTO sub_ledger_moves (account, amount, balance_after) VALUES (1, 1, 1)",
        "UPDATE journal_lines SET debit = 1",
    ],
)
async def test_the_application_moves_no_counter_by_itself(database: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute(statement)


async def test_the_database_itself_keeps_what_is_billed_within_what_is_approved(database: Database) -> None:
    firm = Firm(database, "C-check")
    await firm.approve(an_item("check.1", "2"))
    number = await database.value("SELECT id FROM billables WHERE reference = 'check.1'")
    allocate = "INSERT INTO allocations (billable, document, line, amount, quantity) VALUES ($1, 'D', 1, $2, 1)"
    await database.execute(allocate, number, 400)
    with pytest.raises(asyncpg.CheckViolationError, match="billables_balance"):
        await database.execute(allocate, number, usd("0.01").amount)
    with pytest.raises(asyncpg.PostgresError, match="not in the ledger"):
        await database.execute(allocate, 10**12, 1)
    with pytest.raises(asyncpg.CheckViolationError, match="billables_balance"):
        await database.execute("UPDATE billables SET approved = 300 WHERE id = $1", number)


async def test_an_item_without_a_price_is_kept_and_waits_under_its_code(database: Database) -> None:
    firm = Firm(database, "C-hold")
    await firm.approve(an_item("hold.1"), an_item("hold.2", "3"))
    assert await firm.ledger.billables.hold(["hold.2"], "RATE_MISSING", "no rate for Senior", origin=WHO) == 1
    assert nets(await firm.bill("INV-hold", date(2026, 6, 30))) == ["200.00"]
    held = [row for row in await firm.ledger.traces.backlog(contract="C-hold") if row.state == "held"]
    assert [(row.code, row.amount, row.items) for row in held] == [("RATE_MISSING", usd(600), 1)]
    with pytest.raises(Rejected, match=r"not open in its entity and currency: hold\.2"):
        await _propose_held(firm)


async def _propose_held(firm: Firm) -> None:
    from canonical.billing_document import Allotment
    from canonical.invoice import DocumentLine, Invoice

    line = DocumentLine(number=1, description="held", amount=usd(600))
    invoice = Invoice(
        reference="INV-hold-2", contract=firm.contract, entity="US01", customer="CUST-ACME", currency="USD",
        invoice_date=date(2026, 7, 1), accounting_date=date(2026, 7, 1), lines=(line,), tax=usd(0),
    )  # fmt: skip
    part = Allotment(billable="hold.2", line=1, amount=usd(600), quantity=line.quantity)
    await firm.ledger.documents.propose(invoice, [part], origin=WHO)


async def test_the_open_rest_of_an_item_takes_a_new_rate_and_what_is_billed_stays(database: Database) -> None:
    firm = Firm(database, "C-rest")
    await firm.approve(an_item("rest.1", "10"))
    await firm.bill("INV-rest")
    await firm.post("INV-rest")
    await firm.credit("CM-rest", "INV-rest", [("rest.1", "1900", CreditDisposition.REOPENED)])
    (work,) = await firm.ledger.repricing.work_of("C-rest")
    assert (work.open, work.open_quantity, work.is_closed) == (usd(1900), Decimal("9.5"), False)
    change = reprice(work.rated(frozenset()), usd(150), "RC-1.v2")
    await firm.ledger.entries.rate_rests([change], batch="rates", origin=WHO)
    with pytest.raises(Transient):  # what it was found as has changed meanwhile
        await firm.ledger.entries.rate_rests([change], batch="rates", origin=WHO)
    (item,) = await firm.ledger.billables.read(["rest.1"])
    assert (item.item.rate, item.item.amount, item.balance.net, item.balance.open) == (usd(150), usd(1525), usd(100), usd(1425))
    (again,) = await firm.ledger.repricing.work_of("C-rest")
    assert reprice(again.rated(frozenset()), usd(150), "RC-1.v2").of_billed == usd(-25)
    assert nets(await firm.bill("INV-rest-2")) == ["1425.00"]
