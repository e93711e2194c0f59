"""Revenue and the month end in the ledger: prepared once, cumulative, never rewritten; accruals hold what waits (R93, S19)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import asyncpg
import pytest

from canonical.billable import BillableKind, CreditDisposition
from canonical.errors import KeyReusedWithDifferentContent
from canonical.invoice import CreditedAllocation, CreditMemo
from canonical.journal import Journal
from canonical.money import Money
from canonical.obligation import RevenueRun, Sums
from canonical.period import Period
from canonical.rules.close import Accruable, propose_accrual
from canonical.rules.earning import journals, recognitions
from canonical.rules.postings import Chart
from canonical.written import Written
from ledger.books import Books
from ledger.database import Database
from tests.ledger.revenue_firm import APRIL, MAY, WHO, Sold, planned, usd

CHART = Chart()
ACCOUNTS = {kind: CHART.billed_to(kind) for kind in BillableKind}


async def prepared(books: Books, entity: str, period: Period = APRIL) -> RevenueRun | None:
    def draw_up(run: str, sums: Sequence[Sums]) -> list[Journal]:
        return journals(run, entity, period.last, sums, CHART, "")

    return await books.billing.revenue.prepare(
        entity, period, period.last, lambda line: recognitions(line, CHART), draw_up, origin=WHO
    )


async def posted(books: Books, run: RevenueRun) -> dict[str, Decimal]:
    """The run's journal by account, debits positive; from now on it stands."""
    ledger, totals = books.billing.closing_journals, dict[str, Decimal]()
    for reference in run.journals:
        journal, _ = await ledger.read(reference)
        await ledger.posted(reference, Written(target_id=f"id-{reference}", number="77"), system="erp", origin=WHO)
        nothing = Money.zero(journal.currency)
        totals |= {one.account: ((one.debit or nothing) - (one.credit or nothing)).amount for one in journal.lines}
    await books.billing.revenue.settle(run.reference, "posted", origin=WHO)
    return totals


async def recognized(books: Books, entity: str, period: Period = APRIL) -> dict[str, Decimal] | None:
    run = await prepared(books, entity, period)
    return await posted(books, run) if run else None


async def test_s01_a_subscription_month_at_its_end_and_never_twice(database: Database) -> None:
    books = Books.over(database)
    sold = Sold(books, "R-S01", "E-S01")
    await sold.plan(*planned("L3", "subscription", "straight_line", (APRIL, 6_000), (MAY, 6_000)))
    await sold.approve("subscription", "L3", 6_000, APRIL.start, service=APRIL)
    await sold.bill("S01", APRIL.last)
    assert await recognized(books, "E-S01") == {"2300": Decimal(6_000), "4020": Decimal(-6_000)}
    assert await recognized(books, "E-S01") is None
    assert await recognized(books, "E-S01", MAY) == {"1150": Decimal(6_000), "4020": Decimal(-6_000)}
    [row] = await books.billing.revenue.earned(contract="R-S01")
    assert (row.earned, row.billed, row.asset, row.liability) == (usd(12_000), usd(6_000), usd(6_000), usd(-6_000))
    assert row.last is not None and row.last.cumulative == usd(12_000)


async def credited_for_good(sold: Sold, invoice: str, amount: int) -> None:
    """Of the only item of an invoice, with a memo that is posted at the end of April."""
    [part] = await sold.books.billing.documents.allocations(invoice)
    gone = CreditedAllocation(
        allocation=part.allocation, amount=usd(amount), quantity=part.quantity, disposition=CreditDisposition.WRITTEN_OFF
    )
    memo = CreditMemo(
        reference=f"{invoice}.CR1", invoice=invoice, contract=sold.contract, entity=sold.entity, customer="CUST-1",
        currency="USD", memo_date=APRIL.last, accounting_date=APRIL.last, reason="cancelled", lines=(), tax=usd(0),
    )  # fmt: skip
    await sold.books.billing.credits.credit(memo, [gone], origin=WHO)
    await sold.posted_credit(memo.reference, APRIL.last)


async def test_progress_is_of_the_price_less_what_was_credited_for_good(database: Database) -> None:
    """300,000 less a concession of 20,000: at 40 % 112,000 is earned, and 100,000 of 120,000 stands billed."""
    sold = Sold(Books.over(database), "R-less", "E-less")
    await sold.plan(*planned("L1", "fixed_fee", "over_time_by_cost", (APRIL, 100_000), (MAY, 200_000)))
    await sold.approve("milestone", "L1", 120_000, date(2026, 4, 10))
    await sold.bill("LESS", date(2026, 4, 12), account="2300")
    await credited_for_good(sold, "LESS", 20_000)
    await sold.measure("L1", 40, 100, APRIL.last)
    assert await recognized(sold.books, "E-less") == {
        "2300": Decimal(100_000),
        "1150": Decimal(12_000),
        "4010": Decimal(-112_000),
    }


async def test_months_earn_a_fixed_fee_until_what_is_left_of_it_is_reached(database: Database) -> None:
    sold = Sold(Books.over(database), "R-left", "E-left")
    await sold.plan(*planned("L1", "fixed_fee", "straight_line", (APRIL, 6_000), (MAY, 6_000)))
    await sold.approve("milestone", "L1", 12_000, date(2026, 4, 10))
    await sold.bill("LEFT", date(2026, 4, 12), account="2300")
    await credited_for_good(sold, "LEFT", 4_000)
    assert await recognized(sold.books, "E-left") == {"2300": Decimal(6_000), "4010": Decimal(-6_000)}
    assert await recognized(sold.books, "E-left", MAY) == {"2300": Decimal(2_000), "4010": Decimal(-2_000)}


async def test_what_is_credited_of_a_subscription_for_good_is_never_earned(database: Database) -> None:
    books = Books.over(database)
    sold = Sold(books, "R-gone", "E-gone")
    await sold.plan(*planned("L3", "subscription", "straight_line", (APRIL, 6_000), (MAY, 6_000)))
    await sold.approve("subscription", "L3", 12_000, APRIL.start, service=Period(start=APRIL.start, end=MAY.end))
    await sold.bill("GONE", APRIL.start)
    await credited_for_good(sold, "GONE", 7_000)
    assert await recognized(books, "E-gone") == {"2300": Decimal(5_000), "4020": Decimal(-5_000)}
    assert await recognized(books, "E-gone", MAY) is None


async def test_a_run_that_was_not_posted_is_the_answer_until_it_is(database: Database) -> None:
    books = Books.over(database)
    sold = Sold(books, "R-again", "E-again")
    await sold.plan(*planned("L3", "subscription", "straight_line", (APRIL, 100)))
    first = await prepared(books, "E-again")
    await sold.plan(*planned("L3", "subscription", "straight_line", (APRIL, 150)))
    assert await prepared(books, "E-again") == first
    assert first and await posted(books, first) == {"1150": Decimal(100), "4020": Decimal(-100)}
    assert await recognized(books, "E-again") == {"1150": Decimal(50), "4020": Decimal(-50)}


async def test_s02_estimates_are_versions_and_an_amendment_catches_up(database: Database) -> None:
    books = Books.over(database)
    sold = Sold(books, "R-S02", "E-S02")
    await sold.plan(*planned("L1", "fixed_fee", "over_time_by_cost", (APRIL, 100_000), (MAY, 200_000)))
    await sold.approve("milestone", "L1", 120_000, date(2026, 4, 10))
    await sold.bill("S02", date(2026, 4, 12), account="2300")
    assert await recognized(books, "E-S02") is None  # nobody has measured it
    assert [await sold.measure("L1", 40, 100, APRIL.last) for _ in range(2)] == [True, False]
    assert await recognized(books, "E-S02") == {"2300": Decimal(120_000), "4010": Decimal(-120_000)}
    with pytest.raises(KeyReusedWithDifferentContent, match="measured otherwise"):
        await sold.measure("L1", 41, 100, APRIL.last)
    await sold.plan(*planned("L1", "fixed_fee", "over_time_by_cost", (APRIL, 100_000), (MAY, 275_000)), version=2)
    await sold.measure("L1", 36, 100, MAY.last)
    assert await recognized(books, "E-S02", MAY) == {"1150": Decimal(15_000), "4010": Decimal(-15_000)}


async def test_what_was_reversed_is_recognized_anew(database: Database) -> None:
    books = Books.over(database)
    await Sold(books, "R-back", "E-back").plan(*planned("L3", "subscription", "straight_line", (APRIL, 100)))
    run = await prepared(books, "E-back")
    assert run and await posted(books, run)
    await books.billing.revenue.settle(run.reference, "reversed", origin=WHO)
    again = await prepared(books, "E-back")
    assert again and (again.number, again.reference) == (2, "REV-E-back-2026-04-2")
    assert await books.billing.revenue.due("E-back", APRIL, lambda line: recognitions(line, CHART)) == 0


async def test_events_are_never_rewritten(database: Database) -> None:
    for statement in ("UPDATE revenue_events SET amount = 0", "DELETE FROM revenue_measures"):
        with pytest.raises(asyncpg.PostgresError):
            await database.execute(statement)


async def accruable(books: Books, entity: str, end: date = APRIL.end) -> list[Accruable]:
    return list(await books.billing.closing.accruable(entity, end, ACCOUNTS))


async def test_s19_what_is_approved_and_not_accounted_is_accrued_whatever_becomes_of_it(database: Database) -> None:
    books = Books.over(database)
    sold = Sold(books, "R-S19", "E-S19")
    await sold.plan(*planned("L1", "fixed_fee", "point_in_time", (APRIL, 1_000)))
    await sold.approve("milestone", "L1", 1_000, date(2026, 4, 20))
    await sold.approve("time", "L2", 300, date(2026, 4, 21))
    await sold.approve("time", "L2", 77, date(2026, 5, 2), number=2)
    waiting = [Accruable(account="4010", amount=usd(1_000)), Accruable(account="4000", amount=usd(300))]
    assert sorted(await accruable(books, "E-S19"), key=str) == sorted(waiting, key=str)
    documents = await sold.claim("R-S19", APRIL.last)  # on its way to the ERP
    assert sorted(await accruable(books, "E-S19"), key=str) == sorted(waiting, key=str)
    for document in documents:
        await sold.post(document, APRIL.last)
    assert await accruable(books, "E-S19") == []
    await sold.bill("R-S19-late", date(2026, 5, 31))
    assert await accruable(books, "E-S19") == []  # what May did is none of April's
    await sold.approve("time", "L2", 40, date(2026, 4, 29), number=3)
    await sold.bill("R-S19-later", date(2026, 5, 31))
    assert [one.amount for one in await accruable(books, "E-S19")] == [usd(40)]  # April's work, accounted in May


async def test_work_that_the_period_earns_or_that_is_held_is_not_accrued(database: Database) -> None:
    books = Books.over(database)
    sold = Sold(books, "R-none", "E-none")
    await sold.plan(
        *planned("L1", "fixed_fee", "over_time_by_cost", (APRIL, 1_000)),
        *planned("L3", "subscription", "straight_line", (APRIL, 600)),
    )
    await sold.approve("milestone", "L1", 1_000, date(2026, 4, 20))
    await sold.approve("subscription", "L3", 600, APRIL.start)
    held = await sold.approve("time", "L2", 300, date(2026, 4, 21))
    await books.billing.billables.hold([held], "DUPLICATE_ENTRY", "twin", origin=WHO)
    assert await accruable(books, "E-none") == []
    waiting = {(one.state, one.code): one.amount for one in await books.billing.closing.waiting("E-none", APRIL.end)}
    assert waiting == {("held", "DUPLICATE_ENTRY"): usd(300), ("open", ""): usd(1_600)}


async def test_a_proposal_gives_way_to_the_next_and_what_is_approved_counts(database: Database) -> None:
    ledger = Books.over(database).billing.closing_journals
    for amount in (100, 120):
        waiting = [Accruable(account="4000", amount=usd(amount))]
        journal = propose_accrual("ACCR-E-prop-2026-04-USD", "E-prop", APRIL, waiting)
        assert journal is not None
        name = await ledger.propose(APRIL, journal, 1, origin=WHO)
    assert [(one.reference, one.state) for one in await ledger.of("E-prop", APRIL.start)] == [
        ("ACCR-E-prop-2026-04-USD-1", "withdrawn"),
        ("ACCR-E-prop-2026-04-USD-2", "proposed"),
    ]
    assert await ledger.accrued("E-prop", APRIL.start, "1150") == []
    assert await ledger.move(name, "approved", by="ann, bob", origin=WHO)
    assert not await ledger.move(name, "approved", by="eve", origin=WHO)
    [accrued] = await ledger.accrued("E-prop", APRIL.start, "1150")
    assert (accrued.account, accrued.amount) == ("4000", Decimal(120))
    _, known = await ledger.read(name)
    assert (known.decided_by, known.accounting_date, known.reverses_on) == ("ann, bob", APRIL.last, MAY.start)
