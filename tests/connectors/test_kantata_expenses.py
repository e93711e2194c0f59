"""Kantata's expenses: what is told of them."""

import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from canonical.money import Money
from canonical.time_entry import ApprovalState
from connectors.kantata import time_mapping
from connectors.kantata import time_schemas as theirs
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


async def test_an_expense_is_read_again_by_its_id_and_a_deleted_one_is_told(office: Office) -> None:
    kept, gone = await office.expense(), await office.expense()
    await office.call("DELETE", f"expenses/{gone}")
    told = await office.bench.connector.expenses_of([kept, gone, "no-id"])
    assert {one.source_id: one.state for one in told} == {kept: DRAFT, gone: ApprovalState.DELETED}


@pytest.mark.parametrize(
    ("notes", "tax", "codes"),
    [
        ("Taxi\nVAT: 19.00", "19.00", []),
        ("tax: 1,019.50", "1019.50", []),
        ("VAT: 19 %", None, ["AMOUNT_UNREADABLE"]),
        ("VAT: 19.001", None, ["TOO_MANY_DIGITS"]),
        ("without VAT", None, []),
    ],
)
async def test_the_tax_in_a_receipt_is_told_in_its_notes(office: Office, notes: str, tax: str | None, codes: list[str]) -> None:
    number = await office.expense(notes=notes)
    told = (await expenses(office, *an_hour_from(await office.at(5))))[number]
    assert told.tax == (Money.of(tax, "EUR") if tax else None)
    assert [one.code for one in told.refused] == codes


def test_money_in_a_currency_that_nobody_knows_is_told_with_its_entry() -> None:
    facts = {"id": "7", "updated_at": "2026-04-30T10:00:00Z", "date": "2026-04-30", "amount_in_cents": 1234, "is_billable": True}
    asked: dict[str, Any] = {"asks_approval": False, "is_subcontractor": False, "purchase_order": "", "receipt_url": ""}
    beside = time_mapping.Beside(system="kantata", zone=ZoneInfo("UTC"))
    [finding] = time_mapping.expense(theirs.Expense.model_validate({**facts, "currency": "ZZZ"}), beside, **asked).refused
    assert (finding.code, finding.subject) == ("CURRENCY_UNKNOWN", "kantata.expense-7")
    assert "12.34" in finding.evidence["amount"]
    spent = {"id": "8", "updated_at": "2026-04-30T10:00:00Z", "date_performed": "2026-04-30", "time_in_minutes": 60}
    hours = theirs.TimeEntry.model_validate({**spent, "billable": True, "approved": True, "currency": "ZZZ", "rate_in_cents": 1})
    assert [one.subject for one in time_mapping.time_entry(hours, beside, role="Senior").refused] == ["kantata.8"]
