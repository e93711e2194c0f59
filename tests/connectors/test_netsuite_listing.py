"""What NetSuite lists for reconciliation, and what is looked for by name when a list lags behind."""

from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from canonical.period import Period
from canonical.reconciliation import Listed, Sought, Thing
from sandbox.serve import serving_in_thread
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench
from tests.connectors.netsuite_billing import a_billable, a_buyer, at_work, charged_to, invoiced, paid
from tests.connectors.netsuite_world import a_bench, a_project_id, a_vendor, calls, usd

ALWAYS = Period(start=date(2026, 1, 1), end=date(2027, 1, 1))
ENTITY = a_billable().entity


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[SimulatedVendor, str]]:
    vendor = a_vendor()
    with serving_in_thread(vendor) as url:
        yield vendor, url


@pytest.fixture
async def bench(account: tuple[SimulatedVendor, str]) -> AsyncIterator[Bench]:
    async with a_bench(*account) as given:
        yield given


async def listed(bench: Bench, thing: Thing, days: Period = ALWAYS) -> list[Listed]:
    return [one async for page in bench.connector.listed(thing, entity=ENTITY, days=days) for one in page]


async def again(bench: Bench, thing: Thing, *sought: Sought) -> list[Listed]:
    return [one async for page in bench.connector.listed_again(thing, sought, entity=ENTITY) for one in page]


async def test_charges_are_looked_for_by_our_name_or_theirs_wherever_they_are(bench: Bench) -> None:
    project_id, batch = await a_project_id(bench.connector), [a_billable(n) for n in range(1, 5)]
    await bench.connector.post_charges(charged_to(project_id, *batch), key="post_charges/L-1")
    by_name = {one.reference: one for one in await listed(bench, Thing.CHARGE)}
    assert by_name.keys() == {one.reference for one in batch}
    named, numbered = batch[0].reference, by_name[batch[1].reference]
    before = len(calls(bench, "/suiteql"))
    found = await again(
        bench,
        Thing.CHARGE,
        Sought(reference=named),
        Sought(reference="kantata.none", target_id=numbered.target_id),
        Sought(reference="kantata.none"),
    )
    assert {one.reference for one in found} == {named, numbered.reference} and found == [by_name[one.reference] for one in found]
    assert len(calls(bench, "/suiteql")) == before + 1, "one read for all of them"


async def test_projects_invoices_and_payments_that_nobody_has_are_left_out(bench: Bench) -> None:
    written = await invoiced(bench.connector)
    [invoice] = await again(bench, Thing.DOCUMENT, Sought(reference="INV-NONE", target_id=written.target_id))
    assert invoice.target_id == written.target_id and invoice.counts
    await a_project_id(bench.connector)
    projects = await listed(bench, Thing.PROJECT)
    assert await again(bench, Thing.PROJECT, *(Sought(reference=one.reference, target_id=one.target_id) for one in projects))
    for thing in (Thing.PROJECT, Thing.CUSTOMER, Thing.PAYMENT, Thing.JOURNAL):
        assert await again(bench, thing, Sought(reference="none", target_id="none")) == []
        assert await again(bench, thing, Sought(reference="99999999", target_id="99999999")) == []


async def test_a_deposit_that_we_took_is_a_payment_that_is_compared(bench: Bench) -> None:
    customer_id = await a_buyer(bench.connector)
    deposit = await bench.connector.post_deposit("DEP-1", customer_id, usd("5000"), date(2026, 6, 2), key="post_deposit/DEP-1")
    [found] = await listed(bench, Thing.PAYMENT)
    assert (found.reference, found.amount, found.currency, found.counts) == (deposit.target_id, Decimal(5000), "USD", True)
    assert found.is_ours
    assert await again(bench, Thing.PAYMENT, Sought(reference=found.reference, target_id=found.target_id)) == [found]


async def test_a_credit_memo_that_people_made_says_which_invoice_it_is_for_and_what_was_withheld_does_not(bench: Bench) -> None:
    whole, taxed = [await invoiced(bench.connector, reference=name) for name in ("INV-BY-HAND", "INV-WITHHELD")]
    await at_work(bench, "POST", f"records/invoice/{whole.target_id}", does="credit", to={"memo": "goodwill"})
    await paid(bench, taxed, "9000", withheld=[{"invoice": taxed.target_id, "amount": 1000, "certificate": "WHT-1"}])
    memos = [one for one in await listed(bench, Thing.DOCUMENT) if one.kind == "credit_memo"]
    assert [(one.is_ours, one.about) for one in memos] == [(False, f"invoice/{whole.target_id}"), (False, "")]


async def test_what_a_person_copied_has_its_likeness_even_after_the_original_was_changed(bench: Bench) -> None:
    project_id = await a_project_id(bench.connector)
    await bench.connector.post_charges(charged_to(project_id, a_billable(7)), key="post_charges/L-2")
    [original] = await listed(bench, Thing.CHARGE)
    dearer = a_billable(7).model_copy(update={"amount": a_billable(7).amount * 2})
    await bench.connector.revise_charges(charged_to(project_id, dearer), key="post_charges/L-2")
    [changed] = await listed(bench, Thing.CHARGE)
    alike, exact = original.content.split("\x1f")
    assert changed.content.split("\x1f")[0] == alike and changed.content.split("\x1f")[1] != exact


async def test_how_far_lists_lag_is_said_of_the_account(bench: Bench) -> None:
    assert timedelta(0) < bench.connector.lists_lag < timedelta(minutes=5)
