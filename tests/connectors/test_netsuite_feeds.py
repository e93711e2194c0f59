"""What NetSuite's feeds tell of payments (S28) and documents."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from canonical.invoice import DocumentState
from canonical.payment import Payment, PaymentState
from connectors.netsuite.client import connect
from connectors.netsuite.feeds import local_window
from sandbox.serve import serving_in_thread
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench
from tests.connectors.netsuite_billing import a_credit_memo, at_work, books, fed, invoiced, paid
from tests.connectors.netsuite_world import a_bench, a_vendor, settings, usd


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[SimulatedVendor, str]]:
    vendor = a_vendor()
    with serving_in_thread(vendor) as url:
        yield vendor, url


@pytest.fixture
async def bench(account: tuple[SimulatedVendor, str]) -> AsyncIterator[Bench]:
    async with a_bench(*account) as given:
        yield given


# Payments (S28: an invoice of 10,000).


async def test_a_partial_payment_leaves_the_rest_open(bench: Bench) -> None:
    invoice = await invoiced(bench.connector)
    await paid(bench, invoice, "4000", on="2026-07-15", externalId="BANK-1", memo="wire 4711")
    (payment,) = await fed(bench.connector.payments)
    assert isinstance(payment, Payment) and payment.state is PaymentState.RECEIVED
    assert (payment.amount, payment.applied, payment.unapplied) == (usd("4000"), usd("4000"), usd("0"))
    assert (payment.reference, payment.entity, payment.received_on, payment.memo) == (
        "BANK-1",
        "US01",
        date(2026, 7, 15),
        "wire 4711",
    )
    assert (payment.applications[0].target_id, payment.applications[0].number) == (invoice.target_id, "US01-INV1")
    (document,) = await fed(bench.connector.documents)
    assert (document.reference, document.state, document.open) == ("INV-100", DocumentState.OPEN, usd("6000"))


async def test_a_short_payment_with_a_certificate_of_withholding_pays_the_invoice(bench: Bench) -> None:
    invoice = await invoiced(bench.connector)
    withheld = [{"invoice": invoice.target_id, "amount": 1000, "certificate": "WHT-2026-7"}]
    await paid(bench, invoice, "9000", withheld=withheld)
    money, certificate = await fed(bench.connector.payments)
    assert (money.amount, money.applied) == (usd("9000"), usd("9000"))
    (kept,) = certificate.applications
    assert (certificate.amount, kept.amount, kept.withheld) == (usd("0"), usd("0"), usd("1000"))
    assert (kept.target_id, kept.certificate) == (invoice.target_id, "WHT-2026-7")
    assert (await bench.connector.read_invoice(invoice.target_id)).state is DocumentState.PAID
    assert await books(bench) == {"1000": Decimal(9000), "1120": Decimal(1000), "4000": Decimal(-10000)}


async def test_an_overpayment_stays_with_the_customer_and_can_be_applied_later(bench: Bench) -> None:
    invoice = await invoiced(bench.connector)
    key = await paid(bench, invoice, "10500", apply=[{"invoice": invoice.target_id, "amount": 10000}])
    (payment,) = await fed(bench.connector.payments)
    assert payment.unapplied == usd("500")
    other = await invoiced(bench.connector, reference="INV-101")
    for _ in range(2):
        await bench.connector.apply_credit(key, other.target_id, usd("500"), key="apply_credit/P-1/INV-101")
    assert (await bench.connector.read_invoice(other.target_id)).open == usd("9500")
    (payment,) = await fed(bench.connector.payments)
    assert [line.amount for line in payment.applications] == [usd("10000"), usd("500")]


async def test_a_bounced_payment_opens_the_invoice_again(bench: Bench) -> None:
    invoice = await invoiced(bench.connector)
    key = await paid(bench, invoice, "4000")
    (before,) = await fed(bench.connector.payments)
    bench.vendor.clock_offset += timedelta(seconds=2)
    await at_work(bench, "POST", f"transactions/{key}/void")
    now = datetime.now(UTC) + bench.vendor.clock_offset
    pages = bench.connector.payments(now - timedelta(minutes=1), now + timedelta(seconds=2))
    (payment,) = [one async for page in pages for one in page]
    assert (payment.state, payment.amount, payment.applications) == (PaymentState.BOUNCED, usd("4000"), ())
    assert payment.source_id == before.source_id and payment.source_version > before.source_version
    record = await bench.connector.read_invoice(invoice.target_id)
    assert (record.state, record.open) == (DocumentState.OPEN, usd("10000"))


# Feeds.


async def test_a_feed_covers_its_window_with_an_overlap_and_only_our_entities(bench: Bench) -> None:
    bench.vendor.seed({"subsidiary": {"9": {"externalId": "XX", "name": "XX", "currency": {"id": "1"}}}})
    stranger = connect("erp", settings(bench.url, subsidiaries={"XX": "9"}))
    await invoiced(stranger, reference="X-1", entity="XX")
    await stranger.aclose()
    invoice = await invoiced(bench.connector)
    await bench.connector.post_credit_memo(a_credit_memo(), invoice_id=invoice.target_id, key="create_credit_memo/CM-100")
    now = datetime.now(UTC) + timedelta(seconds=2)

    async def told(since: timedelta, until: timedelta) -> set[str]:
        pages = bench.connector.documents(now + since, now + until)
        return {document.reference async for page in pages for document in page}

    assert await told(timedelta(minutes=-1), timedelta(0)) == {"INV-100", "CM-100"}
    assert await told(timedelta(minutes=9), timedelta(minutes=10)) == {"INV-100", "CM-100"}, "ten minutes of overlap"
    assert await told(timedelta(minutes=11), timedelta(minutes=12)) == set()
    assert await told(timedelta(minutes=-9), timedelta(minutes=-1)) == set()


async def test_a_feed_asks_in_the_time_of_the_integration_users_clock(bench: Bench) -> None:
    bench.vendor.seed({"account": {"time_zone": "America/Los_Angeles"}})
    await invoiced(bench.connector)
    assert await fed(bench.connector.documents) == [], "eight hours off"
    there = connect("erp", settings(bench.url, time_zone="America/Los_Angeles"))
    assert [document.reference for document in await fed(there.documents)] == ["INV-100"]
    await there.aclose()


@for_any(
    st.integers(0, 365 * 24 * 3600).map(lambda second: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)),
    st.timedeltas(timedelta(0), timedelta(hours=5)),
    st.floats(0, 1),
    st.sampled_from(["UTC", "America/Los_Angeles", "Australia/Lord_Howe", "Europe/London"]),
)
def test_a_window_on_a_local_clock_leaves_nothing_out(since: datetime, length: timedelta, part: float, name: str) -> None:
    changed = since + length * part
    begin, end = local_window(since, since + length, ZoneInfo(name))
    assert begin <= changed.astimezone(ZoneInfo(name)).replace(tzinfo=None) <= end


async def test_many_changes_are_read_in_pages_that_leave_calls_to_others(bench: Bench) -> None:
    for n in range(9):
        await invoiced(bench.connector, reference=f"INV-{n}")
    now = datetime.now(UTC)
    pages = [page async for page in bench.connector.documents(now - timedelta(minutes=1), now + timedelta(seconds=2))]
    assert [len(page) for page in pages] == [4, 4, 1], "five calls at once, of which one is reserved"


async def test_a_bank_reference_that_is_none_of_ours_does_not_stop_the_feed(bench: Bench) -> None:
    invoice = await invoiced(bench.connector)
    key = await paid(bench, invoice, "1", externalId="SWIFT 2026/07 #1")
    (payment,) = await fed(bench.connector.payments)
    assert payment.reference == f"erp.{key}"
