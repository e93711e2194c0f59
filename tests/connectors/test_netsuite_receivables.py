"""Charges and invoices in NetSuite: each once, with our tax, in open periods only."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date
from decimal import Decimal

import httpx2 as httpx
import pytest

from canonical.billable import BillableKind
from canonical.errors import UNDECIDED, Conflict, MoveRefused, PeriodIsClosed, Rejected
from canonical.invoice import DocumentState, LineKind
from canonical.money import Money
from connectors.netsuite.client import connect
from connectors.netsuite.settings import Chart
from sandbox.serve import serving_in_thread
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench
from tests.connectors.netsuite_billing import (
    a_billable,
    a_line,
    an_invoice,
    at_work,
    books,
    charged_to,
    days,
    invoiced,
    posted,
)
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


# Charges.


async def test_of_a_batch_of_100_of_which_63_were_committed_only_37_are_posted(bench: Bench) -> None:
    project_id, batch = await a_project_id(bench.connector), [a_billable(n) for n in range(100)]
    await bench.fault(kind="partial", quantity=63, status=504, on={"path": "/charge", "method": "PUT"})
    with pytest.raises(UNDECIDED):
        await bench.connector.post_charges(charged_to(project_id, *batch), key="post_charges/B-1")
    names = [billable.reference for billable in batch]
    assert len(await bench.connector.find_charges(names, key="post_charges/B-1")) == 63
    await bench.connector.post_charges(charged_to(project_id, *batch), key="post_charges/B-1")
    assert len(held(bench.vendor.state, "charge")) == 100
    assert len(calls(bench, "/charge/eid", "PUT")) == 37, "only the missing ones"
    found = await bench.connector.find_charges(names, key="post_charges/B-1")
    assert set(found) == set(names) and len(set(found.values())) == 100
    assert sum(Decimal(str(charge["amount"])) for charge in held(bench.vendor.state, "charge")) == Decimal("168750.00")


async def test_charges_that_are_refused_are_told_and_the_rest_goes_on(bench: Bench) -> None:
    project_id, odd = await a_project_id(bench.connector), {5, 6, 207}
    batch = [a_billable(n, kind=BillableKind.USAGE if n in odd else BillableKind.TIME) for n in range(220)]
    unmapped = connect("erp", settings(bench.url, chart=Chart(items={"usage": "eid:ITEM-NONE"})))
    with pytest.raises(Rejected) as refused:
        await unmapped.post_charges(charged_to(project_id, *batch), key="post_charges/B-2")
    await unmapped.aclose()
    assert refused.value.evidence["accepted"] == "217" and refused.value.evidence["field"] == "billingItem"
    assert "kantata.5, kantata.6, kantata.207" in refused.value.evidence["refused"]
    assert len(held(bench.vendor.state, "charge")) == 217


async def test_a_charge_says_what_it_is_for_and_waits_for_our_own_invoice(bench: Bench) -> None:
    project_id = await a_project_id(bench.connector)
    written = await bench.connector.post_charges(charged_to(project_id, a_billable(1), a_billable(2)), key="post_charges/B-3")
    (one, two) = sorted(held(bench.vendor.state, "charge"), key=lambda charge: charge["externalId"])
    assert written.details == {"kantata.1": one["id"], "kantata.2": two["id"]}
    assert (one["quantity"], one["rate"], one["amount"]) == (7.5, 225, 1687.5)
    assert (one["chargeDate"], one["billTo"], one["stage"]) == ("2026-06-02", {"id": project_id}, {"id": "HOLD_FOR_BILLING"})
    assert "post_charges/B-3: Senior P-7 C-1.P1.T1" in one["memo"]


async def test_a_charge_that_was_taken_back_is_none_until_it_is_posted_again(bench: Bench) -> None:
    project_id, batch = await a_project_id(bench.connector), [a_billable(n) for n in range(12)]
    await bench.connector.post_charges(charged_to(project_id, *batch), key="post_charges/B-4")
    names = [billable.reference for billable in batch]
    for _ in range(2):
        await bench.connector.reverse_charges([*names[:11], "kantata.none"], "un-approved", key="reverse_charges/B-4")
    assert list(await bench.connector.find_charges(names, key="post_charges/B-4")) == ["kantata.11"]
    again = [a_billable(n, quantity=Decimal(6), amount=usd("1350")) for n in range(11)]
    await bench.connector.post_charges(charged_to(project_id, *again), key="post_charges/B-5")
    assert len(await bench.connector.find_charges(names, key="post_charges/B-5")) == 12
    assert len(held(bench.vendor.state, "charge", amount=1350)) == 11


@pytest.mark.parametrize("count", [2, 12])  # one by one, and as a job
async def test_a_charge_says_its_new_price_and_one_that_was_taken_back_stays_so(bench: Bench, count: int) -> None:
    project_id, batch = await a_project_id(bench.connector), [a_billable(n) for n in range(count)]
    await bench.connector.post_charges(charged_to(project_id, *batch), key="post_charges/B-6")
    await bench.connector.reverse_charges([batch[0].reference], "un-approved", key="reverse_charges/B-6")
    dearer = [one.model_copy(update={"amount": one.amount + usd("11"), "rate": None}) for one in batch]
    for _ in range(2):
        await bench.connector.revise_charges(charged_to(project_id, *dearer), key="revise_charges/B-6")
    amounts = {one["externalId"]: (one["amount"], one.get("rate")) for one in held(bench.vendor.state, "charge")}
    assert amounts[f"kantata__{batch[0].reference.partition('.')[2]}"][0] == batch[0].amount.amount
    assert {amounts[f"kantata__{one.reference.partition('.')[2]}"] for one in dearer[1:]} == {(dearer[1].amount.amount, None)}


# Invoices.


async def test_an_invoice_is_written_whole_and_posts_what_we_said(bench: Bench) -> None:
    """S01, April: the retainer had been invoiced, so that its draw is a line."""
    service = days(date(2026, 4, 1), date(2026, 4, 30))
    lines = (
        a_line(1, "14062.50", quantity=Decimal("62.5"), rate=usd("225"), service=service, billables=("kantata.1", "kantata.2")),
        a_line(2, "19470", quantity=Decimal(118), rate=usd("165")),
        a_line(3, "40000", account="4010", description="Milestone M1"),
        a_line(4, "6000", account="2300", description="Subscription, April"),
        a_line(5, "6300", quantity=Decimal("31.5"), rate=usd("200"), description="Advisory"),
        a_line(6, "-6300", account="2350", kind=LineKind.RETAINER_DRAW, quantity=Decimal("31.5"), rate=usd("200")),
    )
    april = date(2026, 4, 30)
    written = await invoiced(bench.connector, lines=lines, invoice_date=april, accounting_date=april, is_prior_period=True)
    assert written.number == "US01-INV1" and written.details == {"state": "posted"}
    stored = bench.vendor.state["records"]["invoice"][written.target_id]
    assert (stored["tranDate"], stored["dueDate"], stored["otherRefNum"]) == ("2026-04-30", "2026-07-30", "4500-1")
    assert "create_invoice/INV-100" in stored["memo"] and stored["custbody_handoff_prior_period"] is True
    first = stored["item"][0]
    assert (first["quantity"], first["rate"], first["custcol_handoff_billables"]) == (62.5, 225, "kantata.1, kantata.2")
    assert (first["custcol_handoff_practice"], first["custcol_handoff_service_end"]) == ("Advisory", "2026-04-30")
    record = await bench.connector.read_invoice(written.target_id)
    assert (record.state, record.posted_on) == (DocumentState.OPEN, april)
    assert record.net == record.total == record.open == usd("79532.50")
    assert posted(await bench.connector.read_journals(record.journal)) == {
        "1100": usd("79532.50"),
        "2350": usd("6300"),
        "4010": usd("-40000"),
        "4000": usd("-39832.50"),
        "2300": usd("-6000"),
    }


async def test_tax_is_ours_and_the_books_take_the_frozen_rate(bench: Bench) -> None:
    """S12: three lines of 52.50 EUR bear 29.93 together, at 1.05; the cent between the roundings is on 7010."""
    euro = {"3": {"name": "Euro", "symbol": "EUR"}}
    bench.vendor.seed({"currency": euro})
    lines = tuple(
        a_line(n, rate=Money.of("149.99", "EUR"), quantity=Decimal("0.35"), tax_code="VAT19").changed(
            amount=Money.of("52.50", "EUR")
        )
        for n in (1, 2, 3)
    )
    tax, rate = Money.of("29.93", "EUR"), Decimal("1.05")
    written = await invoiced(bench.connector, currency="EUR", lines=lines, tax=tax, exchange_rate=rate, purchase_order="")
    stored = bench.vendor.state["records"]["invoice"][written.target_id]
    assert [detail["taxAmount"] for detail in stored["taxDetails"]] == [9.98, 9.98, 9.97]
    record = await bench.connector.read_invoice(written.target_id)
    assert (record.tax, record.total) == (tax, Money.of("187.43", "EUR"))
    assert posted(await bench.connector.read_journals(written.target_id)) == {
        "1100": usd("196.80"),
        "7010": usd("0.01"),
        "4000": usd("-165.38"),
        "2200": usd("-31.43"),
    }


async def test_with_suite_tax_even_no_tax_is_ours(bench: Bench) -> None:
    plain = await invoiced(bench.connector)
    taxed = connect("erp", settings(bench.url, has_suite_tax=True))
    exempt = await invoiced(taxed, reference="INV-101", lines=(a_line(1, tax_code="EXEMPT"), a_line(2, "5")))
    await taxed.aclose()
    stored = bench.vendor.state["records"]["invoice"]
    assert "taxDetailsOverride" not in stored[plain.target_id] and stored[exempt.target_id]["taxDetailsOverride"] is True
    assert [(detail["taxBasis"], detail["taxAmount"]) for detail in stored[exempt.target_id]["taxDetails"]] == [(10000, 0)]


async def test_a_lost_answer_leaves_a_draft_that_is_completed_and_never_a_second_invoice(bench: Bench) -> None:
    """S20, 33,532.50: NetSuite commits and the answer is lost, first of the draft, then of its approval."""
    invoice, key = an_invoice(lines=(a_line(amount="33532.50"),)), "create_invoice/INV-100"
    await bench.fault(kind="lose_answer", status=504, on={"path": "/invoice$", "method": "POST"})
    with pytest.raises(UNDECIDED):
        await invoiced(bench.connector, invoice)
    assert await bench.connector.find_invoice("INV-100", key="create_invoice/INV-99") is None, "a draft of another request"
    await bench.fault(kind="lose_answer", status=504, on={"path": "/invoice/", "method": "PATCH"})
    with pytest.raises(UNDECIDED):
        await bench.connector.find_invoice("INV-100", key=key)
    await bench.fault(kind="invisible", seconds=300, on={"method": "POST", "path": "invoice"})
    found = await bench.connector.find_invoice("INV-100", key=key)
    assert found and [one["total"] for one in held(bench.vendor.state, "invoice")] == [33532.5]
    with pytest.raises(Conflict):
        await invoiced(bench.connector, invoice)
    assert (await books(bench))["1100"] == Decimal("33532.50")


async def test_an_invoice_that_comes_to_another_tax_is_refused_and_nothing_is_posted(bench: Bench) -> None:
    taxed = an_invoice(tax=usd("825"))
    await bench.fault(kind="hold", name="taxed", on={"path": "/invoice$", "method": "POST"})
    posting = asyncio.create_task(invoiced(bench.connector, taxed))
    async with asyncio.timeout(60):
        while not held(bench.vendor.state, "invoice"):  # noqa: ASYNC110 - the server brings it about
            await asyncio.sleep(0.01)
    held(bench.vendor.state, "invoice")[0].update(taxTotal=830, total=10830)  # a script of the account comes between
    async with httpx.AsyncClient() as http:
        (await http.post(f"{bench.url}/_sandbox/holds/taxed/release")).raise_for_status()
    with pytest.raises(Rejected) as refused:
        await posting
    assert refused.value.specific_code == "TOTALS_DIFFER"
    assert (refused.value.evidence["tax"], refused.value.evidence["wanted"]) == ("830", "total 10825 with tax 825")
    assert not held(bench.vendor.state, "invoice") and not await books(bench)
    assert (await invoiced(bench.connector, taxed)).details == {"state": "posted"}


async def test_an_invoice_dated_in_a_closed_period_is_a_named_refusal(bench: Bench) -> None:
    for state in ("ar_locked", "closed"):
        await at_work(bench, "PUT", "periods", period="2026-06", subsidiary="US01", state=state)
        with pytest.raises(PeriodIsClosed) as refused:
            await invoiced(bench.connector)
        assert refused.value.specific_code == "PERIOD_CLOSED"
        assert (refused.value.evidence["period"], refused.value.evidence["entity"]) == ("Jun 2026", "US01")
    assert not await books(bench) and not held(bench.vendor.state, "invoice")
    pounds = an_invoice(
        entity="UK01", currency="GBP", lines=(a_line().changed(amount=Money.of("10", "GBP")),), tax=Money.of("0", "GBP")
    )
    assert await invoiced(bench.connector, pounds), "the other entity's books are open"
    july = await invoiced(bench.connector, reference="INV-101", invoice_date=date(2026, 7, 1), accounting_date=date(2026, 7, 1))
    assert july.number == "US01-INV3", "numbers of drafts that were deleted are not used again"


async def test_a_document_dated_outside_its_period_bears_the_accounting_date(bench: Bench) -> None:
    written = await invoiced(bench.connector, accounting_date=date(2026, 7, 1))
    stored = bench.vendor.state["records"]["invoice"][written.target_id]
    assert (stored["tranDate"], stored["dueDate"]) == ("2026-07-01", "2026-07-30")
    with pytest.raises(Rejected, match="no accounting period for 2050-01-01"):
        await invoiced(bench.connector, reference="INV-101", accounting_date=date(2050, 1, 1))


async def test_where_people_approve_in_netsuite_a_draft_is_whole_and_can_be_withdrawn(bench: Bench) -> None:
    bench.vendor.seed({"account": {"invoice_approval": True}})
    theirs = connect("erp", settings(bench.url, invoice_approval="netsuite"))
    draft = await invoiced(theirs)
    assert draft.details == {"state": "draft"}
    found = await theirs.find_invoice("INV-100", key="create_invoice/INV-100")
    assert found and found.target_id == draft.target_id
    record = await theirs.read_invoice(draft.target_id)
    assert (record.state, record.posted_on, record.journal) == (DocumentState.DRAFT, None, "")
    assert await theirs.read_journals(draft.target_id) == []
    for _ in range(2):
        await theirs.withdraw_invoice(draft.target_id, "the milestone is 85,000 now", key="withdraw_invoice/INV-100")
    assert not held(bench.vendor.state, "invoice")
    again = await invoiced(theirs, lines=(a_line(amount="85000"),))
    await at_work(bench, "POST", f"invoices/{again.target_id}/approve")
    assert (await theirs.read_invoice(again.target_id)).state is DocumentState.OPEN
    with pytest.raises(MoveRefused) as refused:
        await theirs.withdraw_invoice(again.target_id, "too late", key="withdraw_invoice/INV-100")
    assert "credit" in refused.value.remedy
    await theirs.aclose()


async def test_an_account_without_approvals_gets_no_draft_and_a_person_voids_what_differs(bench: Bench) -> None:
    plain = connect("erp", settings(bench.url, invoice_approval="off"))
    assert (await invoiced(plain)).details == {"state": "posted"}
    assert not calls(bench, "/invoice/", "PATCH")
    (stored,) = held(bench.vendor.state, "invoice")
    stored.update(taxTotal=1, total=10001)  # a script of the account, behind the posted invoice
    with pytest.raises(Rejected) as differing:
        await plain.find_invoice("INV-100", key="create_invoice/INV-100")
    assert (differing.value.specific_code, differing.value.evidence["document"]) == ("TOTALS_DIFFER", stored["id"])
    await at_work(bench, "POST", f"transactions/{stored['id']}/void")
    found = await plain.find_invoice("INV-100", key="create_invoice/INV-100")
    assert found and found.details == {"state": "void"}
    await plain.aclose()
