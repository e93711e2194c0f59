"""Late work: held under its code, free when its period is open, by policy, or by a person's word; flagged when billed (S27)."""

from datetime import UTC, date, datetime

from canonical.exception import Case, Decision
from canonical.period import Period
from ledger.books import Books
from ledger.database import Database
from tests.ledger.revenue_firm import APRIL, MAY, WHO, Sold, usd

LATE = date(2026, 4, 28)


async def a_late_item(database: Database, name: str) -> tuple[Books, Sold, str]:
    books = Books.over(database)
    sold = Sold(books, f"C-{name}", f"E-{name}")
    return books, sold, await sold.approve("time", "L1", "1650.00", LATE)


async def held(books: Books, entity: str, *periods: Period) -> list[tuple[str, date, str]]:
    found = await books.billing.late_work.hold(entity, "", list(periods), origin=WHO)
    return [(one.reference, one.service, str(one.amount)) for one in found]


async def test_what_is_in_no_open_period_waits_with_its_money_until_it_is_open(database: Database) -> None:
    books, sold, late = await a_late_item(database, "open")
    await sold.approve("time", "L1", 10, MAY.start, number=2)
    await sold.approve("subscription", "L3", 600, APRIL.start)
    assert await held(books, "E-open", MAY) == [(late, LATE, "1,650.00 USD")]
    assert await books.billing.late_work.entities() == ["E-open"]
    assert await books.billing.late_work.release("E-open", "", [MAY], origin=WHO) == []
    assert await books.billing.late_work.release("E-open", "C-other", [APRIL, MAY], origin=WHO) == []
    assert await books.billing.late_work.release("E-open", "", [APRIL, MAY], origin=WHO) == [late]


async def told(books: Books, late: str) -> int:
    case = Case(key=f"PERIOD_CLOSED/{late}", code="PERIOD_CLOSED", sentence="It is late.", remedy="Decide.", subject=late)
    [number] = await books.cases.open([case.model_copy(update={"opened_at": datetime(2026, 5, 12, tzinfo=UTC)})])
    return number


async def test_what_an_attempt_held_that_died_before_it_told_anybody_is_told_by_the_next(database: Database) -> None:
    books, _, late = await a_late_item(database, "untold")
    once = [(late, LATE, "1,650.00 USD")]
    assert await held(books, "E-untold", MAY) == await held(books, "E-untold", MAY) == once
    await told(books, late)
    assert await held(books, "E-untold", MAY) == []
    await books.billing.late_work.release("E-untold", "", [APRIL, MAY], origin=WHO)
    await books.cases.resolve([f"PERIOD_CLOSED/{late}"], actor="handoff", reason="Its period is open.")
    assert await held(books, "E-untold", APRIL, MAY) == []
    assert await held(books, "E-untold", MAY) == await held(books, "E-untold", MAY) == once


async def test_where_policy_holds_no_longer_all_of_it_goes_on(database: Database) -> None:
    books, _, late = await a_late_item(database, "policy")
    await held(books, "E-policy", MAY)
    assert await books.billing.late_work.release("E-policy", "", None, origin=WHO) == [late]


async def test_what_a_person_let_pass_is_free_and_is_not_held_again(database: Database) -> None:
    books, _, late = await a_late_item(database, "person")
    await held(books, "E-person", MAY)
    number = await told(books, late)
    assert await books.billing.late_work.release("E-person", "", [MAY], origin=WHO) == []
    await books.cases.settle(number, Decision.OVERRIDE, actor="cora", reason="in May")
    assert await books.billing.late_work.release("E-person", "", [MAY], origin=WHO) == [late]
    assert await held(books, "E-person", MAY) == []


async def test_an_invoice_of_service_in_a_closed_period_bears_the_flag(database: Database) -> None:
    books, sold, _ = await a_late_item(database, "flag")
    other = Sold(books, "C-flag-may", "E-flag")
    await other.approve("time", "L1", 10, MAY.start)
    await other.approve("subscription", "L3", 600, APRIL.start, service=APRIL)
    for one in (sold, other):
        await one.bill(f"{one.contract}-run", MAY.last, prior_before=APRIL.end)
    documents = [(await books.billing.documents.of(one.contract))[0] for one in (sold, other)]
    assert [one.is_prior_period for one in documents] == [True, False]
    [prior] = await books.billing.closing.prior("E-flag", MAY)
    assert (prior.amount, prior.items, prior.documents) == (usd("1650.00"), 1, 1)
