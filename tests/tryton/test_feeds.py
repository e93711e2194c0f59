"""What changes in Tryton by other hands is told by its feeds: payments, and what they make of invoices."""

from datetime import UTC, datetime, timedelta

import pytest

from canonical.invoice import DocumentState
from canonical.payment import Payment, PaymentState
from connectors.tryton.client import Tryton as Connector
from tests.tryton.cashier import return_money, take_money
from tests.tryton.relay import Books
from tests.tryton.world import a_posted_invoice, an_invoice, eur, fresh


@pytest.fixture
def since() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


async def _payments(connector: Connector, since: datetime, invoice: str) -> list[Payment]:
    found = [payment async for page in connector.payments(since, datetime.now(UTC) + timedelta(minutes=1)) for payment in page]
    return [payment for payment in found if any(one.target_id == invoice for one in payment.applications)]


async def test_a_partial_payment_and_the_rest_are_two_payments(connector: Connector, books: Books, since: datetime) -> None:
    invoice, customer = await a_posted_invoice(connector)
    take_money(books, invoice, customer, "1000.00", how="partial")
    assert (await connector.read_invoice(invoice)).open == eur("190.00")
    take_money(books, invoice, customer, "190.00")
    first, second = await _payments(connector, since, invoice)
    assert [first.applied, second.applied] == [eur("1000.00"), eur("190.00")]
    assert first.unapplied.is_zero and first.memo == "SEPA 4711" and first.customer.endswith(".DE01")
    assert (await connector.read_invoice(invoice)).state is DocumentState.PAID


async def test_a_paid_invoice_is_among_the_documents_that_changed(connector: Connector, books: Books) -> None:
    invoice, customer = await a_posted_invoice(connector)
    posted = datetime.now(UTC)
    take_money(books, invoice, customer, "1190.00")
    changed = [
        document
        async for page in connector.documents(posted, datetime.now(UTC) + timedelta(minutes=1))
        for document in page
        if document.target_id == invoice
    ]
    assert [document.state for document in changed] == [DocumentState.PAID]


async def test_nothing_is_told_of_a_window_before(connector: Connector, since: datetime) -> None:
    invoice, _ = await a_posted_invoice(connector)
    before = [d.target_id async for page in connector.documents(since - timedelta(days=400), since) for d in page]
    assert invoice not in before


async def test_what_was_paid_beyond_the_invoice_can_be_applied_to_another(
    connector: Connector, books: Books, since: datetime
) -> None:
    invoice, customer = await a_posted_invoice(connector)
    take_money(books, invoice, customer, "1290.00", how="overpayment")
    (payment,) = await _payments(connector, since, invoice)
    assert (payment.amount, payment.applied, payment.unapplied) == (eur("1290.00"), eur("1190.00"), eur("100.00"))

    other = an_invoice(fresh("INV"))
    second = await connector.post_invoice(other, customer_id=customer, project_id="", key=f"create_invoice/{other.reference}")
    applied = datetime.now(UTC)
    await connector.apply_credit(payment.source_id, second.target_id, eur("100.00"), key="")
    assert (await connector.read_invoice(second.target_id)).open == eur("1090.00")

    (told,) = await _payments(connector, applied, second.target_id)
    assert (told.source_id, told.applied, told.unapplied) == (payment.source_id, eur("1290.00"), eur("0"))
    assert told.source_version > payment.source_version


async def test_a_payment_that_the_bank_takes_back_is_told_as_bounced_and_its_invoice_as_open(
    connector: Connector, books: Books, since: datetime
) -> None:
    invoice, customer = await a_posted_invoice(connector)
    take_money(books, invoice, customer, "1190.00")
    (payment,) = await _payments(connector, since, invoice)
    taken_back = datetime.now(UTC)
    return_money(books, payment.source_id)

    window = (taken_back, datetime.now(UTC) + timedelta(minutes=1))
    told = [one async for page in connector.payments(*window) for one in page if one.source_id == payment.source_id]
    assert [(one.state, one.amount, one.applications) for one in told] == [(PaymentState.BOUNCED, eur("1190.00"), ())]
    changed = [one async for page in connector.documents(*window) for one in page if one.target_id == invoice]
    assert [(one.state, one.open) for one in changed] == [(DocumentState.OPEN, eur("1190.00"))]
    entries = await connector.read_journals(payment.source_id)
    assert [one.document for one in entries] == [one.target_id for one in entries] and len(entries) == 2


async def test_tax_that_a_customer_kept_is_written_off_and_the_invoice_paid(
    connector: Connector, books: Books, since: datetime
) -> None:
    invoice, customer = await a_posted_invoice(connector)
    take_money(books, invoice, customer, "1000.00", how="writeoff")
    (payment,) = await _payments(connector, since, invoice)
    assert (payment.amount, payment.unapplied) == (eur("1000.00"), eur("0"))
    assert (await connector.read_invoice(invoice)).state is DocumentState.PAID
