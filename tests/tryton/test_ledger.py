"""Journals and periods of the real Tryton."""

from datetime import date

import pytest

from canonical.errors import NotFound, PeriodIsClosed, Rejected
from canonical.journal import JournalLine, PeriodState
from canonical.money import Money
from canonical.period import Period
from connectors.tryton.client import Tryton as Connector
from tests.tryton.cashier import postings
from tests.tryton.relay import Books
from tests.tryton.world import TODAY, a_journal, a_posted_invoice, eur, fresh


async def test_a_journal_stands_as_it_was_asked_for(connector: Connector, books: Books) -> None:
    written = await connector.post_journal(a_journal(fresh("JE")), key="")
    assert postings(books, written.target_id) == {"2300": "6000.00", "4020": "-6000.00"}
    (record,) = await connector.read_journals(written.target_id)
    assert [(line.account, line.debit, line.credit) for line in sorted(record.lines, key=lambda line: line.account)] == [
        ("2300", eur("6000.00"), None),
        ("4020", None, eur("6000.00")),
    ]
    assert (record.posted_on, record.number) == (TODAY, written.number)


async def test_a_journal_that_reverses_is_two(connector: Connector, books: Books) -> None:
    journal = a_journal(fresh("JE"), reverses_on=date(2026, 12, 1))
    await connector.post_journal(journal, key="")
    await connector.post_journal(journal, key="")
    rows = books.rows("account.move", [["description", "like", f"{journal.reference}%"]], "description", "state", "date")
    assert sorted((row["description"], row["state"], row["date"]["month"]) for row in rows) == [
        (journal.reference, "posted", 11),
        (f"{journal.reference} reversed", "posted", 12),
    ]


async def test_a_posting_to_a_customers_account_names_the_customer(connector: Connector) -> None:
    _, customer = await a_posted_invoice(connector)
    lines = (
        JournalLine(account="6900", debit=eur("10.00")),
        JournalLine(account="1100", credit=eur("10.00"), customer=customer),
    )
    written = await connector.post_journal(a_journal(fresh("JE"), lines=lines), key="")
    (record,) = await connector.read_journals(written.target_id)
    assert [line.customer.endswith(".DE01") for line in record.lines if line.account == "1100"] == [True]


async def test_an_unknown_customer_is_named(connector: Connector) -> None:
    lines = (JournalLine(account="6900", debit=eur("1")), JournalLine(account="1100", credit=eur("1"), customer="CUST-X"))
    with pytest.raises(NotFound, match="CUST-X"):
        await connector.post_journal(a_journal(fresh("JE"), lines=lines), key="")


async def test_a_foreign_currency_needs_its_rate_first(connector: Connector) -> None:
    usd = Money.of("10", "USD")
    lines = (JournalLine(account="6900", debit=usd), JournalLine(account="1000", credit=usd))
    with pytest.raises(Rejected, match="keeps its books in EUR"):
        await connector.post_journal(a_journal(fresh("JE"), currency="USD", lines=lines), key="")


async def test_what_an_invoice_posted_is_read_with_it(connector: Connector) -> None:
    invoice, _ = await a_posted_invoice(connector)
    (record,) = await connector.read_journals(invoice)
    assert record.document == invoice
    assert {line.account: line.debit or line.credit for line in record.lines} == {
        "1100": eur("1190.00"),
        "2200": eur("190.00"),
        "4010": eur("1000.00"),
    }


async def test_a_closed_month_takes_nothing(connector: Connector, books: Books) -> None:
    periods = await connector.periods("DE01")
    assert [found.period for found in periods[:2]] == [Period.month(2026, 1), Period.month(2026, 2)]
    assert len(periods) == 24
    (january,) = [found for found in periods if found.period == Period.month(2026, 1)]
    books.call("account.period", "close", [int(january.target_id)])
    assert (await connector.periods("DE01"))[0].state is PeriodState.CLOSED
    with pytest.raises(PeriodIsClosed):
        await connector.post_journal(a_journal(fresh("JE"), accounting_date=date(2026, 1, 15)), key="")
