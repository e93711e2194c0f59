"""What reconciliation compares is what stands in Tryton, whoever put it there; differences are planted by plain HTTP."""

from datetime import date
from decimal import Decimal

import pytest

from activities.reconciliation_ports import Listing
from canonical.errors import Misconfigured
from canonical.period import Period
from canonical.reconciliation import Listed, Thing
from connectors.tryton.client import Tryton as Connector
from tests.tryton.cashier import give_back, make_again, take_money
from tests.tryton.relay import Books
from tests.tryton.world import (
    TODAY,
    a_customer_id,
    a_journal,
    a_memo,
    a_posted_invoice,
    a_project,
    eur,
    fresh,
)

DAYS = Period.through(date(2026, 1, 1), date(2027, 12, 31))


async def _listed(connector: Connector, thing: Thing, days: Period = DAYS) -> dict[str, Listed]:
    return {one.target_id: one async for page in connector.listed(thing, entity="DE01", days=days) for one in page}


def test_it_lists_everything_but_charges(connector: Connector) -> None:
    assert isinstance(connector, Listing)
    assert connector.listings == {Thing.CUSTOMER, Thing.PROJECT, Thing.DOCUMENT, Thing.PAYMENT, Thing.JOURNAL}


async def test_charges_are_refused(connector: Connector) -> None:
    with pytest.raises(Misconfigured, match="lists no charge"):
        await _listed(connector, Thing.CHARGE)


async def test_an_invoice_and_its_credit_are_listed_by_our_reference_on_the_day_they_are_accounted(connector: Connector) -> None:
    reference = fresh("INV")
    invoice, _ = await a_posted_invoice(connector, reference=reference)
    memo = fresh("CM")
    written = await connector.post_credit_memo(a_memo(memo, reference, "400.00", "76.00"), invoice_id=invoice, key="")
    found = await _listed(connector, Thing.DOCUMENT)
    one, other = found[invoice], found[written.target_id]
    assert (one.reference, one.kind, one.day, one.amount, one.currency) == (
        reference,
        "invoice",
        TODAY,
        Decimal("1190.00"),
        "EUR",
    )
    assert (other.reference, other.kind, other.amount) == (memo, "credit_memo", Decimal("476.00"))
    assert one.is_ours and other.is_ours and one.counts and other.counts


async def test_only_the_days_that_are_asked_for(connector: Connector) -> None:
    invoice, _ = await a_posted_invoice(connector)
    assert invoice in await _listed(connector, Thing.DOCUMENT, Period.through(TODAY, TODAY))
    assert invoice not in await _listed(connector, Thing.DOCUMENT, Period.through(date(2026, 1, 1), date(2026, 11, 19)))


async def test_a_copy_has_the_content_of_its_original(connector: Connector, books: Books) -> None:
    invoice, _ = await a_posted_invoice(connector)
    copy = make_again(books, invoice)
    found = await _listed(connector, Thing.DOCUMENT)
    assert found[copy].reference == "" and found[copy].counts and found[copy].content == found[invoice].content
    assert found[copy].amount == Decimal("1190.00")


async def test_what_somebody_credits_whole_is_void(connector: Connector, books: Books) -> None:
    invoice, _ = await a_posted_invoice(connector)
    give_back(books, invoice)
    one = (await _listed(connector, Thing.DOCUMENT))[invoice]
    assert (one.state, one.counts) == ("void", False)


async def test_payments_and_our_deposits_are_listed_each_once(connector: Connector, books: Books) -> None:
    invoice, customer = await a_posted_invoice(connector)
    take_money(books, invoice, customer, "1000.00", how="partial")
    deposit = await connector.post_deposit(fresh("DEP"), customer, eur("500.00"), TODAY, key="")
    (payment,) = books.rows("account.invoice", [["id", "=", int(invoice)]], "payment_lines")
    (line,) = books.rows("account.move.line", [["id", "in", payment["payment_lines"]]], "move")
    found = await _listed(connector, Thing.PAYMENT)
    assert found[f"account.move,{line['move']}"].amount == Decimal("1000.00")
    assert found[deposit.target_id].amount == Decimal("500.00")


async def test_journals_are_listed_with_their_opposites_and_without_what_documents_posted(connector: Connector) -> None:
    invoice, customer = await a_posted_invoice(connector)
    deposit = await connector.post_deposit(fresh("DEP"), customer, eur("500.00"), TODAY, key="")
    applied = await connector.apply_credit(deposit.target_id, invoice, eur("500.00"), key="")
    journal = await connector.post_journal(a_journal(fresh("ACCR"), reverses_on=date(2026, 12, 1)), key="")
    entries = await connector.read_journals(journal.target_id)
    assert [(one.document, one.reference != "", one.posted_on) for one in entries] == [
        ("", True, TODAY),
        ("", False, date(2026, 12, 1)),
    ]
    found = await _listed(connector, Thing.JOURNAL)
    assert {one.target_id for one in entries} <= set(found)
    assert not {deposit.target_id, applied.target_id} & set(found)
    assert (found[journal.target_id].amount, found[journal.target_id].is_ours) == (Decimal("6000.00"), True)


async def test_customers_and_projects_stand_until_they_are_withdrawn(connector: Connector) -> None:
    customer, reference = await a_customer_id(connector), fresh("C")
    made = await connector.create_project(a_project(reference), customer, key=f"create_project/{reference}")
    parties, projects = await _listed(connector, Thing.CUSTOMER), await _listed(connector, Thing.PROJECT)
    assert parties[customer].counts and parties[customer].is_ours
    assert (projects[made.target_id].project, projects[made.target_id].counts) == (reference, True)
    await connector.withdraw_project(made.target_id, "contract void", key="")
    assert not (await _listed(connector, Thing.PROJECT))[made.target_id].counts
