"""Kantata's expenses: what is told of them."""

import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from canonical.money import Money
from canonical.time_entry import ApprovalState
from connectors.kantata.client import connect
from tests.connectors.kantata_firm import settings
from tests.connectors.kantata_hours import Office, an_hour_from, an_office, expenses

APPROVED, DRAFT = ApprovalState.APPROVED, ApprovalState.DRAFT
REPORTS = "expense_report_submissions"


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with an_office(time_zone="Europe/Berlin", subcontractor_categories=["Subcontractor"]) as office:
        yield office


async def test_an_expense_says_what_it_cost_and_whether_it_is_approved(office: Office) -> None:
    number = await office.expense(receipt_id=81, notes="Taxi\nPO: SUB-7", billable=False)
    told = (await expenses(office, *an_hour_from(await office.at(5))))[number]
    assert (told.amount, told.tax, told.spent_on) == (Money.of("123.45", "EUR"), None, date(2026, 4, 30))
    assert (told.category, told.receipt_url, told.purchase_order) == ("Travel", "https://cdn.example/taxi.pdf", "SUB-7")
    assert (told.is_billable, told.is_subcontractor, told.state) == (False, False, DRAFT)
    report = await office.submit(number, plural=REPORTS)
    await office.decide("approve", report, REPORTS)
    now = await office.at(15)
    told = (await expenses(office, now - timedelta(seconds=10), now))[number]
    assert (told.state, told.approved_by, told.project) == (APPROVED, "otto@firm.example", "C-100")


async def test_a_subcontractors_purchase_order_comes_from_its_external_reference(office: Office) -> None:
    reference = {"service_name": "SCM", "service_model": "PurchaseOrder", "service_model_ref": "PO-9"}
    number = await office.expense(category="Subcontractor", vendor_id=85, external_reference=reference)
    free = await office.expense(workspace_id=53)
    window = an_hour_from(await office.at(5))
    connector = connect(
        "kantata",
        settings(office.bench.url, purchase_order_service="SCM", subcontractor_categories=["Subcontractor"]),
    )
    told = {item.source_id: item async for page in connector.expenses(*window) for item in page}
    await connector.aclose()
    assert (told[number].is_subcontractor, told[number].purchase_order) == (True, "PO-9")
    assert told[free].state is APPROVED, "its project asks for no approval"


async def test_hundreds_of_expenses_are_told_though_they_change_meanwhile(office: Office) -> None:
    bodies = {
        str(7_000_000 + n): {"workspace_id": "51", "date": "2026-04-30", "category": "Travel", "user_id": "2"} for n in range(650)
    }
    moment = (await office.at(0)).isoformat()
    await office.seed({"expenses": {n: b | {"amount_in_cents": 100, "created_at": moment} for n, b in bodies.items()}})
    until, chance, latest = await office.at(5), random.Random(5), {}
    async for page in office.bench.connector.expenses(until - timedelta(hours=1), until):
        latest.update({item.source_id: item.amount.amount for item in page})
        for number in chance.sample(sorted(bodies), 40):
            await office.change(number, "expenses", amount_in_cents=20_000)
    ended = await office.at(20)
    latest |= {number: item.amount.amount for number, item in (await expenses(office, until, ended)).items()}
    held = office.bench.vendor.state["expenses"]
    assert latest == {number: Decimal(held[number]["amount_in_cents"]) / 100 for number in bodies}
