"""Bad input at the door for recorded work: its own exception, decided by people, and the rest goes on (R61-R67, S15, S26)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from activities.looking_again import look_again
from canonical.exception import Decision
from canonical.money import Money
from canonical.project import ProjectState
from canonical.time_entry import ApprovalState, ExpenseItem
from tests.build import an_entry, usd
from tests.workflows.house import House
from tests.workflows.test_billing import living, net_of, polled, released

pytestmark = pytest.mark.asyncio(loop_scope="session")


def an_expense(contract: str, **changes: Any) -> ExpenseItem:
    facts: dict[str, Any] = {
        "system": "kantata",
        "source_id": f"{contract}-1",
        "source_version": "2026-04-20T09:00:00Z",
        "project": contract,
        "task": f"{contract}.L2.advise.advice",
        "person": "rhea@firm.example",
        "category": "Travel",
        "state": ApprovalState.APPROVED,
        "spent_on": date(2026, 4, 16),
        "amount": usd("100.00"),
    }
    return ExpenseItem(**{**facts, **changes})


async def decided(house: House, contract: str, code: str, decision: Decision) -> None:
    """A person decides, and the entry is looked at again."""
    case = await house.case(contract, code)
    await house.firm.books.cases.settle(case.number, decision, actor="ann", reason="because")
    assert await look_again(house.client, await house.firm.books.cases.read(case.number))
    await house.client.get_workflow_handle(f"bill_time/kantata/again/{case.number}").result()


async def test_an_expense_in_another_currency_waits_for_its_rate_and_keeps_it(house: House, contract: str) -> None:
    await living(house, contract)
    psa, rates = house.firm.psa, house.firm.books.billing.exchange_rates
    psa.spend(an_expense(contract, amount=Money.of("200.00", "CHF")))
    await polled(house, contract)
    case = await house.case(contract, "EXCHANGE_RATE_MISSING")
    assert (case.money_amount, case.money_currency) == (Decimal(200), "CHF")
    await rates.add([("snb", "CHF", "USD", datetime(2026, 4, 15, 12, tzinfo=UTC), Decimal("1.10"))])
    await decided(house, contract, "EXCHANGE_RATE_MISSING", Decision.RETRY)
    await rates.add([("snb", "CHF", "USD", datetime(2026, 4, 16, 12, tzinfo=UTC), Decimal("1.20"))])
    await polled(house, contract, 2)
    [item] = await house.firm.books.billing.billables.open_of(contract)
    assert item.item.amount == usd("220.00"), "the later rate of that day changes nothing"
    assert item.item.evidence["exchange_rate"] == "1 CHF = 1.10 USD (snb, 2026-04-15T12:00:00+00:00)"
    psa.spent.clear()


async def test_work_on_a_closed_project_is_billed_once_somebody_let_it_pass(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(an_entry(contract, project_state=ProjectState.COMPLETED))
    house.firm.psa.record(an_entry(contract, source_id=f"{contract}-2", hours=Decimal(2)))
    await polled(house, contract)
    case = await house.case(contract, "PROJECT_CLOSED")
    assert case.money_amount == Decimal(1800), "at our own rates, since the PSA told none"
    await (await released(house, contract)).result()
    await decided(house, contract, "PROJECT_CLOSED", Decision.OVERRIDE)
    await (await released(house, contract, "second")).result()
    assert await net_of(house, contract) == ["posted 450.00 USD", "posted 1,800.00 USD"]
    await polled(house, contract, 2)
    assert await house.cases(contract) == []
    house.firm.psa.entries.clear()


async def test_a_twin_waits_in_any_batch_and_may_be_let_pass(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(an_entry(contract))
    house.firm.psa.record(an_entry(contract, source_id=f"{contract}-2"))
    await polled(house, contract)
    case = await house.case(contract, "DUPLICATE_ENTRY")
    assert (case.subject, case.money_amount) == (f"kantata.{contract}-2", Decimal(1800))
    await polled(house, contract, 2)
    assert (await house.case(contract, "DUPLICATE_ENTRY")).number == case.number
    await decided(house, contract, "DUPLICATE_ENTRY", Decision.OVERRIDE)
    await (await released(house, contract)).result()
    assert await net_of(house, contract) == ["posted 3,600.00 USD"]
    house.firm.psa.entries.clear()


async def test_what_was_rejected_is_not_asked_again_until_it_says_something_else(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(an_entry(contract, person=""))
    await polled(house, contract)
    await decided(house, contract, "ENTRY_NO_PERSON", Decision.REJECT)
    await polled(house, contract, 2)
    assert await house.cases(contract) == []
    house.firm.psa.record(an_entry(contract, person="", source_version="2026-04-21T09:00:00Z"))
    await polled(house, contract, 3)
    await house.case(contract, "ENTRY_NO_PERSON")
    house.firm.psa.record(an_entry(contract, person="", source_version="2026-04-22T09:00:00Z", state=ApprovalState.DELETED))
    await polled(house, contract, 4)
    assert await house.cases(contract) == [], "what is gone needs nobody"
    house.firm.psa.entries.clear()


async def test_what_waits_for_its_approval_is_a_figure_of_its_own(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(an_entry(contract, state=ApprovalState.PENDING_CLIENT))
    await polled(house, contract)
    [row] = await house.firm.books.billing.traces.backlog(contract=contract)
    assert (row.state, row.code, row.hours, row.amount) == ("pending_approval", "pending_client", Decimal(8), usd(1800))
    house.firm.psa.record(an_entry(contract, source_version="2026-04-21T09:00:00Z"))
    await polled(house, contract, 2)
    [row] = await house.firm.books.billing.traces.backlog(contract=contract)
    assert (row.state, row.hours) == ("open", Decimal(8))
    house.firm.psa.entries.clear()


async def test_approval_taken_back_after_billing_asks_for_a_credit(house: House, contract: str) -> None:
    await living(house, contract)
    house.firm.psa.record(an_entry(contract))
    await polled(house, contract)
    await (await released(house, contract)).result()
    house.firm.psa.record(an_entry(contract, source_version="2026-04-21T09:00:00Z", state=ApprovalState.REJECTED))
    await polled(house, contract, 2)
    case = await house.case(contract, "APPROVAL_WITHDRAWN")
    assert (case.money_amount, case.owner_role) == (Decimal(1800), "finance_operations")
    assert await net_of(house, contract) == ["posted 1,800.00 USD"]
    house.firm.psa.entries.clear()
