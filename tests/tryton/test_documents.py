"""Invoices, credit memos, deposits and applications in the real Tryton, read back by plain HTTP beside the connector."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from canonical.errors import Conflict, MoveRefused, NotServed, PeriodIsClosed, Rejected, Unavailable
from canonical.invoice import DocumentState, Invoice, LineKind
from canonical.money import Money
from canonical.written import Written
from connectors.tryton.client import Tryton as Connector
from tests.tryton.cashier import postings
from tests.tryton.relay import Books, decimal
from tests.tryton.world import (
    TODAY,
    a_customer_id,
    a_line,
    a_memo,
    a_posted_invoice,
    an_invoice,
    eur,
    fresh,
    hours,
)


async def test_tryton_holds_the_invoice_its_tax_and_its_state(connector: Connector, books: Books) -> None:
    customer = await a_customer_id(connector)
    invoice = an_invoice(fresh("INV"), a_line("27777.78"), hours(), tax=eur("7949.65"))
    written = await connector.post_invoice(invoice, customer_id=customer, project_id="", key=f"k/{invoice.reference}")

    (held,) = books.rows(
        "account.invoice",
        [["reference", "=", invoice.reference]],
        "number", "state", "untaxed_amount", "tax_amount", "total_amount", "party.code", "invoice_date",
    )  # fmt: skip
    assert (held["number"], held["state"]) == (written.number, "posted")
    assert [decimal(held[name]) for name in ("untaxed_amount", "tax_amount", "total_amount")] == [
        "41840.28",
        "7949.65",
        "49789.93",
    ]
    (tax,) = books.rows("account.invoice.tax", [["invoice", "=", held["id"]]], "tax.name", "base", "amount")
    assert (tax["tax."]["name"], decimal(tax["base"]), decimal(tax["amount"])) == ("VAT 19 %", "41840.28", "7949.65")
    assert postings(books, written.details["move"]) == {
        "1100": "49789.93",
        "2200": "-7949.65",
        "4000": "-14062.50",
        "4010": "-27777.78",
    }


async def test_every_dimension_of_a_line_is_on_its_posting(connector: Connector, books: Books) -> None:
    invoice, _ = await a_posted_invoice(connector, hours(), tax=eur("2671.88"))
    (held,) = books.rows("account.invoice", [["id", "=", int(invoice)]], "move")
    rows = books.rows(
        "analytic_account.line", [["move_line.move", "=", held["move"]]], "account.root.code", "account.code", "credit"
    )
    assert {row["account."]["root."]["code"]: row["account."]["code"] for row in rows} == {
        "practice": "Advisory",
        "region": "EMEA",
        "revenue_treatment": "over_time",
        "cost_center": "CC-7",
    }
    assert {decimal(row["credit"]) for row in rows} == {"14062.50"}


async def test_the_due_date_is_ours(connector: Connector, books: Books) -> None:
    invoice, _ = await a_posted_invoice(connector, due_date=date(2027, 1, 4))
    (held,) = books.rows("account.invoice", [["id", "=", int(invoice)]], "lines_to_pay")
    (line,) = books.rows("account.move.line", [["id", "in", held["lines_to_pay"]]], "maturity_date")
    assert (line["maturity_date"]["year"], line["maturity_date"]["month"], line["maturity_date"]["day"]) == (2027, 1, 4)


async def test_reverse_charge_is_taxed_at_nothing(connector: Connector, books: Books) -> None:
    invoice, _ = await a_posted_invoice(connector, a_line(tax_code="RC"), tax=eur("0"))
    (tax,) = books.rows("account.invoice.tax", [["invoice", "=", int(invoice)]], "tax.name", "amount")
    assert (tax["tax."]["name"], Decimal(decimal(tax["amount"]))) == ("Reverse charge", Decimal(0))


async def test_tax_is_rounded_on_the_document_not_on_the_line(connector: Connector) -> None:
    third = {"quantity": Decimal("0.35"), "rate": eur("149.99")}
    lines = [a_line("52.50", number=number, **third) for number in (1, 2, 3)]
    invoice, _ = await a_posted_invoice(connector, *lines, tax=eur("29.93"))
    assert (await connector.read_invoice(invoice)).total == eur("187.43")


async def test_another_tax_than_ours_is_refused_and_leaves_nothing(connector: Connector, books: Books) -> None:
    customer, invoice = await a_customer_id(connector), an_invoice(fresh("INV"), tax=eur("70.00"))
    with pytest.raises(Rejected) as refused:
        await connector.post_invoice(invoice, customer_id=customer, project_id="", key="k")
    assert "190.00 EUR tax" in refused.value.message
    assert books.count("account.invoice", ["reference", "=", invoice.reference]) == 0


async def test_a_day_without_an_open_period_is_refused(connector: Connector) -> None:
    customer = await a_customer_id(connector)
    invoice = an_invoice(fresh("INV"), invoice_date=date(2025, 12, 31), accounting_date=date(2025, 12, 31))
    with pytest.raises(PeriodIsClosed):
        await connector.post_invoice(invoice, customer_id=customer, project_id="", key="k")


async def test_another_document_of_that_reference_is_a_conflict(connector: Connector) -> None:
    customer, invoice = await a_customer_id(connector), an_invoice(fresh("INV"))
    await connector.post_invoice(invoice, customer_id=customer, project_id="", key="k")
    other = an_invoice(invoice.reference, a_line("2000.00"), tax=eur("380.00"))
    with pytest.raises(Conflict):
        await connector.post_invoice(other, customer_id=customer, project_id="", key="k")
    with pytest.raises(Conflict):
        await connector.post_invoice(invoice, customer_id=await a_customer_id(connector), project_id="", key="k")


async def test_what_is_posted_cannot_be_withdrawn(connector: Connector) -> None:
    invoice, _ = await a_posted_invoice(connector)
    with pytest.raises(MoveRefused):
        await connector.withdraw_invoice(invoice, "mistake", key="")
    assert (await connector.read_invoice(invoice)).state is DocumentState.OPEN


async def test_a_partial_credit_leaves_the_rest_open(connector: Connector, books: Books) -> None:
    invoice, _ = await a_posted_invoice(connector)
    memo = a_memo(fresh("CM"), "INV-1", "400.00", "76.00")
    written = await connector.post_credit_memo(memo, invoice_id=invoice, key=f"create_credit_memo/{memo.reference}")
    credited, original = await connector.read_credit_memo(written.target_id), await connector.read_invoice(invoice)
    assert (credited.total, credited.open, credited.state) == (eur("476.00"), eur("0"), DocumentState.PAID)
    assert (original.open, original.state) == (eur("714.00"), DocumentState.OPEN)
    assert written.number.startswith("CN-2026-")
    assert postings(books, written.details["move"]) == {"1100": "-476.00", "2200": "76.00", "4010": "400.00"}


async def test_a_deposit_is_applied_once_and_no_further_than_it_goes(connector: Connector, books: Books) -> None:
    invoice, customer = await a_posted_invoice(connector)
    deposit = await connector.post_deposit(fresh("DEP"), customer, eur("500.00"), TODAY, key="")
    assert postings(books, deposit.target_id) == {"1000": "500.00", "2350": "-500.00"}
    applied = await connector.apply_credit(deposit.target_id, invoice, eur("500.00"), key="")
    again = await connector.apply_credit(deposit.target_id, invoice, eur("500.00"), key="")
    assert again.target_id == applied.target_id
    assert postings(books, applied.target_id) == {"1100": "-500.00", "2350": "500.00"}
    assert (await connector.read_invoice(invoice)).open == eur("690.00")
    found = await connector.find_application(deposit.target_id, invoice, key="")
    assert found is not None and found.target_id == applied.target_id


async def test_more_than_is_left_cannot_be_applied(connector: Connector) -> None:
    invoice, customer = await a_posted_invoice(connector)
    deposit = await connector.post_deposit(fresh("DEP"), customer, eur("100.00"), TODAY, key="")
    with pytest.raises(Rejected, match=r"100\.00 is left"):
        await connector.apply_credit(deposit.target_id, invoice, eur("100.01"), key="")


async def test_an_invoice_that_is_used_up_wholly_is_paid(connector: Connector, books: Books) -> None:
    invoice, customer = await a_posted_invoice(connector)
    deposit = await connector.post_deposit(fresh("DEP"), customer, eur("1190.00"), TODAY, key="")
    await connector.apply_credit(deposit.target_id, invoice, eur("1190.00"), key="")
    assert (await connector.read_invoice(invoice)).state is DocumentState.PAID
    (held,) = books.rows("account.invoice", [["id", "=", int(invoice)]], "state")
    assert held["state"] == "paid"


async def test_a_retainer_is_drawn_no_further_than_it_goes(connector: Connector, books: Books) -> None:
    retainer = a_line("2400.00", description="Retainer", account="2350", tax_code="")
    _, customer = await a_posted_invoice(connector, retainer, tax=eur("0"))
    draw = a_line("-2000.00", number=3, kind=LineKind.RETAINER_DRAW, description="Draw", account="2350", tax_code="")
    for amount, is_enough in (("12062.50", True), ("12062.50", False)):
        invoice = an_invoice(fresh("INV"), hours(tax_code=""), draw, tax=eur("0"))
        if is_enough:
            written = await connector.post_invoice(invoice, customer_id=customer, project_id="", key="k")
            assert postings(books, written.details["move"]) == {"1100": amount, "2350": "2000.00", "4000": "-14062.50"}
        else:
            with pytest.raises(Rejected):
                await connector.post_invoice(invoice, customer_id=customer, project_id="", key="k")
            assert books.count("account.invoice", ["reference", "=", invoice.reference]) == 0


async def test_a_credit_leads_to_its_invoice_in_tryton(connector: Connector, books: Books) -> None:
    invoice, _ = await a_posted_invoice(connector)
    memo = a_memo(fresh("CM"), "INV-1")
    written = await connector.post_credit_memo(memo, invoice_id=invoice, key=f"create_credit_memo/{memo.reference}")
    (held,) = books.rows("account.invoice", [["id", "=", int(written.target_id)]], "origin_invoices", "state")
    assert (held["origin_invoices"], held["state"]) == ([int(invoice)], "paid")
    assert (await connector.read_invoice(invoice)).state is DocumentState.PAID


async def test_an_application_that_was_interrupted_is_completed(connector: Connector, books: Books) -> None:
    invoice, customer = await a_posted_invoice(connector)
    deposit = await connector.post_deposit(fresh("DEP"), customer, eur("1190.00"), TODAY, key="")
    applied = await connector.apply_credit(deposit.target_id, invoice, eur("1190.00"), key="")
    (held,) = books.rows("account.invoice", [["id", "=", int(invoice)]], "payment_lines", "lines_to_pay")
    lines = books.rows("account.move.line", [["id", "in", held["payment_lines"]]], "reconciliation")
    books.call("account.move.reconciliation", "delete", [line["reconciliation"] for line in lines])
    assert (await connector.read_invoice(invoice)).state is DocumentState.OPEN
    assert await connector.find_application(deposit.target_id, invoice, key="") is None
    again = await connector.apply_credit(deposit.target_id, invoice, eur("1190.00"), key="")
    assert again.target_id == applied.target_id
    assert (await connector.read_invoice(invoice)).state is DocumentState.PAID


async def test_a_foreign_invoice_is_booked_at_our_rate_or_not_at_all(connector: Connector, books: Books) -> None:
    usd = {"currency": "USD", "tax": Money.of("190.00", "USD"), "exchange_rate": Decimal("0.925926")}
    line = a_line(amount="1000.00").changed(amount=Money.of("1000.00", "USD"))
    invoice, customer = await a_posted_invoice(connector, line, **usd)
    (held,) = books.rows("account.invoice", [["id", "=", int(invoice)]], "move")
    assert postings(books, str(held["move"])) == {
        "1100": "1101.85",
        "2200": "-175.93",
        "4010": "-925.93",
        "7000": "0.01",
    }
    other = an_invoice(fresh("INV"), line, **{**usd, "exchange_rate": Decimal("0.95")})
    with pytest.raises(Rejected, match=r"1,130\.50 EUR"):
        await connector.post_invoice(other, customer_id=customer, project_id="", key="k")


async def test_invoices_posted_at_once_are_numbered_each_once(connector: Connector) -> None:
    customer = await a_customer_id(connector)
    invoices = [an_invoice(fresh("INV")) for _ in range(4)]

    async def post(invoice: Invoice) -> Written:
        """As a step does: Tryton answers 503 where writers met on the sequence too often, and is asked again later."""
        while True:
            try:
                return await connector.post_invoice(invoice, customer_id=customer, project_id="", key="k")
            except Unavailable:
                await asyncio.sleep(1)

    posted = await asyncio.gather(*(post(one) for one in invoices))
    numbers = sorted(int(found.number.rpartition("-")[2]) for found in posted)
    assert numbers == list(range(numbers[0], numbers[0] + 4))


async def test_charges_are_not_served_and_not_declared(connector: Connector) -> None:
    with pytest.raises(NotServed):
        await connector.post_charges([], key="")
    with pytest.raises(Exception, match="writes no 'charges'"):
        connector.declares("charges")
