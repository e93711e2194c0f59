"""Credit in NetSuite: credit memos, customer deposits, unapplied credit, and what each is applied to."""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal

import pytest

from canonical.errors import Conflict, Rejected
from canonical.invoice import DocumentState, LineKind
from canonical.money import Money
from connectors.netsuite.client import connect
from sandbox.serve import serving_in_thread
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench
from tests.connectors.netsuite_billing import JUNE, a_buyer, a_credit_memo, a_line, an_invoice, books, invoiced, paid
from tests.connectors.netsuite_world import a_bench, a_vendor, calls, settings, usd
from tests.sandbox.collision import colliding


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[SimulatedVendor, str]]:
    vendor = a_vendor()
    with serving_in_thread(vendor) as url:
        yield vendor, url


@pytest.fixture
async def bench(account: tuple[SimulatedVendor, str]) -> AsyncIterator[Bench]:
    async with a_bench(*account) as given:
        yield given


async def test_a_credit_memo_of_a_part_settles_that_part_of_its_invoice(bench: Bench) -> None:
    invoice = await invoiced(bench.connector, lines=(a_line(amount="1600", tax_code="T"),), tax=usd("132"))
    memo = a_credit_memo(lines=(a_line(amount="700", tax_code="T"),), tax=usd("57.75"))
    written = await bench.connector.post_credit_memo(memo, invoice_id=invoice.target_id, key="create_credit_memo/CM-100")
    assert written.details == {"unapplied": "0.00 USD"}
    left = await bench.connector.read_invoice(invoice.target_id)
    assert (left.state, left.open) == (DocumentState.OPEN, usd("974.25"))
    record = await bench.connector.read_credit_memo(written.target_id)
    assert (record.state, record.total, record.reference) == (DocumentState.PAID, usd("757.75"), "CM-100")
    assert await books(bench) == {"1100": Decimal("974.25"), "4000": Decimal(-900), "2200": Decimal("-74.25")}


async def test_crediting_a_paid_invoice_leaves_credit_that_another_invoice_can_use(bench: Bench) -> None:
    invoice = await invoiced(bench.connector)
    await paid(bench, invoice, "9800")
    memo = await bench.connector.post_credit_memo(a_credit_memo(), invoice_id=invoice.target_id, key="create_credit_memo/CM-100")
    assert memo.details == {"unapplied": "500.00 USD"}
    assert (await bench.connector.read_invoice(invoice.target_id)).state is DocumentState.PAID
    other = await invoiced(bench.connector, reference="INV-101")
    for _ in range(2):
        await bench.connector.apply_credit(memo.target_id, other.target_id, usd("300"), key="apply_credit/CM-100/1")
    assert (await bench.connector.read_invoice(other.target_id)).open == usd("9700")
    await bench.connector.apply_credit(memo.target_id, other.target_id, usd("200"), key="apply_credit/CM-100/2")
    assert (await bench.connector.read_invoice(other.target_id)).open == usd("9500")
    assert (await bench.connector.read_credit_memo(memo.target_id)).open == usd("0")
    for key in ("apply_credit/CM-100/1", "apply_credit/CM-100/2"):
        assert await bench.connector.find_application(memo.target_id, other.target_id, key=key)
    assert await bench.connector.find_application(memo.target_id, other.target_id, key="apply_credit/CM-100/3") is None


async def test_crediting_an_invoice_that_drew_on_a_retainer_gives_the_retainer_back(bench: Bench) -> None:
    """S08: 10,000 with a draw of 1,000 from a pool of 5,000 that had been invoiced."""
    await invoiced(bench.connector, an_invoice("INV-1", lines=(a_line(amount="5000", account="2350"),)))
    draw = a_line(2, "-1000", account="2350", kind=LineKind.RETAINER_DRAW)
    invoice = await invoiced(bench.connector, an_invoice("INV-2", lines=(a_line(), draw)))
    assert (await books(bench))["2350"] == Decimal(-4000)
    memo = a_credit_memo(lines=(a_line(), draw))
    await bench.connector.post_credit_memo(memo, invoice_id=invoice.target_id, key="create_credit_memo/CM-100")
    assert await books(bench) == {"1100": Decimal(5000), "2350": Decimal(-5000)}


# Deposits.


async def test_a_deposit_is_a_liability_until_it_is_applied(bench: Bench) -> None:
    customer_id = await a_buyer(bench.connector)
    deposit = await bench.connector.post_deposit("DEP-1", customer_id, usd("5000"), JUNE, key="post_deposit/DEP-1")
    assert await books(bench) == {"1000": Decimal(5000), "2350": Decimal(-5000)}
    invoice = await invoiced(bench.connector, lines=(a_line(amount="7850"),))
    key = "apply_credit/DEP-1/INV-100"
    assert await bench.connector.find_application(deposit.target_id, invoice.target_id, key=key) is None
    applied = await bench.connector.apply_credit(deposit.target_id, invoice.target_id, usd("5000"), key=key)
    found = await bench.connector.find_application(deposit.target_id, invoice.target_id, key=key)
    assert found and found.target_id == applied.target_id
    with pytest.raises(Conflict):
        await bench.connector.apply_credit(deposit.target_id, invoice.target_id, usd("5000"), key=key)
    assert (await bench.connector.read_invoice(invoice.target_id)).open == usd("2850")
    assert await books(bench) == {"1000": Decimal(5000), "1100": Decimal(2850), "4000": Decimal(-7850)}


async def test_a_credit_is_applied_only_in_its_currency_and_up_to_what_is_left(bench: Bench) -> None:
    customer_id = await a_buyer(bench.connector)
    deposit = await bench.connector.post_deposit("DEP-1", customer_id, usd("500"), JUNE, key="post_deposit/DEP-1")
    invoice = await invoiced(bench.connector)
    with pytest.raises(Rejected, match="is in USD"):
        await bench.connector.apply_credit(deposit.target_id, invoice.target_id, Money.of("5", "GBP"), key="apply_credit/1")
    with pytest.raises(Rejected) as refused:
        await bench.connector.apply_credit(deposit.target_id, invoice.target_id, usd("501"), key="apply_credit/2")
    assert refused.value.evidence["vendor_code"] == "USER_ERROR"
    with pytest.raises(Rejected, match="no deposit, payment or credit memo 99999"):
        await bench.connector.apply_credit("99999", invoice.target_id, usd("1"), key="apply_credit/3")
    assert (await bench.connector.read_invoice(invoice.target_id)).open == usd("10000")


async def test_two_workers_that_apply_one_payment_at_once_both_get_through_once(bench: Bench) -> None:
    first = await invoiced(bench.connector, lines=(a_line(amount="100"),))
    second = await invoiced(bench.connector, reference="INV-101", lines=(a_line(amount="100"),))
    payment = await paid(bench, first, "200", apply=[])
    other_worker = connect("erp", settings(bench.url))
    await colliding(
        bench.vendor,
        bench.connector.apply_credit(payment, first.target_id, usd("100"), key="apply_credit/P-1/INV-100"),
        other_worker.apply_credit(payment, second.target_id, usd("100"), key="apply_credit/P-1/INV-101"),
    )
    await other_worker.aclose()
    assert {(await bench.connector.read_invoice(one.target_id)).open for one in (first, second)} == {usd("0")}
    for invoice, key in ((first, "apply_credit/P-1/INV-100"), (second, "apply_credit/P-1/INV-101")):
        assert await bench.connector.find_application(payment, invoice.target_id, key=key)
    assert 400 in {call["status"] for call in calls(bench, "/customerPayment/", "PATCH")}, "they did collide"


async def test_a_memo_that_is_full_forgets_the_oldest_applications_and_never_what_people_wrote(bench: Bench) -> None:
    invoice = await invoiced(bench.connector)
    payment = await paid(bench, invoice, "100", apply=[], memo="wire 4711 | see the e-mail")
    keys = [f"apply_credit/{'P' * 80}-{n}/INV-100" for n in range(12)]
    for key in keys:
        await bench.connector.apply_credit(payment, invoice.target_id, usd("1"), key=key)
    memo = bench.vendor.state["records"]["customerPayment"][payment]["memo"]
    assert len(memo) <= 999 and memo.startswith("wire 4711 | see the e-mail | Handoff applied ")
    assert await bench.connector.find_application(payment, invoice.target_id, key=keys[-1])
    assert (await bench.connector.read_invoice(invoice.target_id)).open == usd("9988")


# One customer's credit for another's invoice.


async def test_a_transfer_uses_up_the_one_credit_and_settles_the_others_invoice(bench: Bench) -> None:  # S07
    invoice = await invoiced(bench.connector)
    await paid(bench, invoice, "10000")
    memo = await bench.connector.post_credit_memo(a_credit_memo(), invoice_id=invoice.target_id, key="create_credit_memo/CM-100")
    other = await a_buyer(bench.connector, "CUST-2", legal_name="Acme Ireland Ltd")
    theirs = await bench.connector.post_invoice(an_invoice("INV-2"), customer_id=other, project_id="", key="create_invoice/INV-2")
    before, left = await books(bench), (await bench.connector.read_credit_memo(memo.target_id)).open - usd("300")
    given = {"source_id": memo.target_id, "invoice_id": theirs.target_id}
    for _ in range(2):
        made = await bench.connector.transfer_credit(
            "CM-100.to.INV-2", **given, amount=usd("300"), on=JUNE, key="transfer/CM-100"
        )
    assert (await bench.connector.read_credit_memo(memo.target_id)).open == left
    assert (await bench.connector.read_invoice(theirs.target_id)).open == usd("9700")
    assert await books(bench) == before
    found = await bench.connector.find_transfer("CM-100.to.INV-2", **given, key="transfer/CM-100")
    assert found is not None and (found.target_id, found.details) == (made.target_id, made.details)
    for document in (made.target_id, made.details["journal"]):
        assert [line.account for journal in await bench.connector.read_journals(document) for line in journal.lines]
    assert await bench.connector.find_transfer("CM-100.to.INV-3", **given, key="transfer/CM-100") is None
