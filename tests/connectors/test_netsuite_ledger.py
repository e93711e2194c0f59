"""The general ledger in NetSuite: journals posted, found, reversed and read, in periods that close by entity."""

from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from canonical.errors import NotReady, PeriodIsClosed, Rejected
from canonical.journal import JournalLine, PeriodState
from canonical.money import Money
from connectors.netsuite.client import connect
from sandbox.serve import serving_in_thread
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench
from tests.connectors.netsuite_billing import JUNE, a_buyer, a_journal, a_line, at_work, books, invoiced, posted
from tests.connectors.netsuite_world import a_bench, a_project_id, a_vendor, calls, held, settings, usd


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[SimulatedVendor, str]]:
    vendor = a_vendor()
    with serving_in_thread(vendor) as url:
        yield vendor, url


@pytest.fixture
async def bench(account: tuple[SimulatedVendor, str]) -> AsyncIterator[Bench]:
    async with a_bench(*account) as given:
        yield given


async def test_a_journal_is_posted_with_its_dimensions_and_reversed_by_netsuite_on_the_day(bench: Bench) -> None:
    written = await bench.connector.post_journal(a_journal(reverses_on=date(2026, 7, 1)), key="post_journal/JRN-100")
    assert written.number == "US01-JE1"
    stored = bench.vendor.state["records"]["journalEntry"][written.target_id]
    assert (stored["tranDate"], stored["line"][0]["custcol_handoff_practice"]) == ("2026-06-30", "Advisory")
    record, reversal = await bench.connector.read_journals(written.target_id)
    assert (record.reference, record.document, record.entity, record.posted_on) == ("JRN-100", "", "US01", JUNE)
    assert posted([record]) == {"2300": usd("6000"), "4020": usd("-6000")}
    assert reversal.posted_on == date(2026, 7, 1) and posted([reversal]) == {"2300": usd("-6000"), "4020": usd("6000")}
    assert len(held(bench.vendor.state, "journalEntry")) == 2 and not await books(bench)
    again = await bench.connector.reverse_journal(written.target_id, JUNE, "twice", key="reverse_journal/JRN-100")
    assert again.details == {"reversed": "US01-JE2"} and len(held(bench.vendor.state, "journalEntry")) == 2


async def test_a_journal_of_a_closed_month_is_reversed_in_an_open_one(bench: Bench) -> None:
    written = await bench.connector.post_journal(a_journal(), key="post_journal/JRN-100")
    await at_work(bench, "PUT", "periods", period="2026-06", state="closed")
    with pytest.raises(PeriodIsClosed):
        await bench.connector.reverse_journal(written.target_id, JUNE, "in error", key="reverse_journal/JRN-100")
    july = date(2026, 7, 3)
    for _ in range(2):
        reversal = await bench.connector.reverse_journal(written.target_id, july, "in error", key="reverse_journal/JRN-100")
    assert posted(await bench.connector.read_journals(reversal.target_id)) == {"2300": usd("-6000"), "4020": usd("6000")}
    stored = bench.vendor.state["records"]["journalEntry"][reversal.target_id]
    assert stored["line"][0]["custcol_handoff_practice"] == "Advisory" and "reverse_journal/JRN-100" in stored["memo"]
    assert not await books(bench)


async def test_a_lock_of_receivables_holds_invoices_but_not_journals(bench: Bench) -> None:
    await at_work(bench, "PUT", "periods", period="2026-06", subsidiary="US01", state="ar_locked")
    june = {p.entity: p for e in ("US01", "UK01") for p in await bench.connector.periods(e) if JUNE in p.period}
    assert (june["US01"].state, june["US01"].receivables_locked, june["US01"].name) == (PeriodState.OPEN, True, "Jun 2026")
    assert not june["UK01"].receivables_locked
    accrual = (JournalLine(account="1150", debit=usd("3679")), JournalLine(account="4000", credit=usd("3679")))
    assert await bench.connector.post_journal(a_journal(lines=accrual), key="post_journal/JRN-100")
    await at_work(bench, "PUT", "periods", period="2026-06", subsidiary="US01", state="closed")
    with pytest.raises(PeriodIsClosed):
        await bench.connector.post_journal(a_journal("JRN-101"), key="post_journal/JRN-101")
    months = await bench.connector.periods("US01")
    assert [one.period.start for one in months] == sorted(one.period.start for one in months)
    assert [one.name for one in months if one.state is PeriodState.CLOSED] == ["Jun 2026"]


async def test_where_periods_are_not_closed_by_subsidiary_their_own_flags_count(bench: Bench) -> None:
    plain = connect("erp", settings(bench.url, locks_by_subsidiary=False))
    await at_work(bench, "PUT", "periods", period="2026-06", state="closed")
    assert [one.name for one in await plain.periods("UK01") if one.state is PeriodState.CLOSED] == ["Jun 2026"]
    assert not [call for call in calls(bench, "suiteql") if call["status"] != 200]
    await plain.aclose()


async def test_a_line_may_name_its_customer_or_project(bench: Bench) -> None:
    customer_id, project_id = await a_buyer(bench.connector), await a_project_id(bench.connector)
    lines = (
        JournalLine(account="1100", debit=usd("20"), customer="CUST-1"),
        JournalLine(account="4900", credit=usd("20"), project="C-1"),
    )
    written = await bench.connector.post_journal(a_journal(lines=lines), key="post_journal/JRN-100")
    stored = bench.vendor.state["records"]["journalEntry"][written.target_id]
    assert [line["entity"]["id"] for line in stored["line"]] == [customer_id, project_id]
    unknown = (JournalLine(account="1100", debit=usd("20"), customer="NOBODY"), lines[1])
    with pytest.raises(Rejected, match="no customer NOBODY"):
        await bench.connector.post_journal(a_journal("JRN-101", lines=unknown), key="post_journal/JRN-101")
    wrong = (JournalLine(account="9999", debit=usd("20")), lines[1])
    with pytest.raises(Rejected, match="no account 9999"):
        await bench.connector.post_journal(a_journal("JRN-102", lines=wrong), key="post_journal/JRN-102")


async def test_postings_are_in_the_currency_of_the_books(bench: Bench) -> None:
    line = a_line().changed(amount=Money.of("100", "GBP"))
    written = await invoiced(
        bench.connector, currency="GBP", lines=(line,), tax=Money.of("0", "GBP"), exchange_rate=Decimal("1.27")
    )
    assert posted(await bench.connector.read_journals(written.target_id)) == {"1100": usd("127"), "4000": usd("-127")}


async def test_a_document_that_queries_do_not_show_yet_is_asked_for_later(bench: Bench) -> None:
    bench.vendor.seed({"account": {"search_delay_seconds": 300}})
    written = await bench.connector.post_journal(a_journal(), key="post_journal/JRN-100")
    with pytest.raises(NotReady):
        await bench.connector.read_journals(written.target_id)
    bench.vendor.clock_offset += timedelta(seconds=301)
    assert len(await bench.connector.read_journals(written.target_id)) == 1
