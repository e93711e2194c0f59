"""The control point and held workstreams: people are asked, records are corrected, the judgement is made again."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from canonical.engagement import EngagementStatus
from canonical.exception import Decision
from canonical.party import Address
from tests.activities.firm import Firm
from tests.build import a_customer, a_customer_record, usd
from tests.workflows.house import House
from workflows.provision_project import CancelHandoff, ProvisionProjectWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")


def correct(firm: Firm, contract: str) -> None:
    """The account has everything now."""
    firm.crm.accounts[f"001-{contract}"] = a_customer(reference=f"CUST-{contract}")


async def test_a_missing_tax_number_waits_and_is_settled_by_retry(house: House, contract: str) -> None:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.provision(contract)
    case = await house.case(contract, "TAX_ID_MISSING")
    assert case.control_point == "contract_activation" and case.entity == "US01"
    assert house.living(contract) == {}
    correct(house.firm, contract)
    await house.settle(contract, "TAX_ID_MISSING", Decision.RETRY)
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    assert house.firm.crm.words(contract) == ["waiting", "active"]


async def test_settling_without_correcting_asks_again(house: House, contract: str) -> None:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.provision(contract)
    first = await house.settle(contract, "TAX_ID_MISSING", Decision.RETRY)
    second = await house.settle(contract, "TAX_ID_MISSING", Decision.OVERRIDE)
    assert second.number != first.number
    assert (await handle.result()).status is EngagementStatus.ACTIVE


async def test_a_corrected_record_is_judged_again_by_itself(house: House, contract: str) -> None:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.provision(contract)
    await house.case(contract, "TAX_ID_MISSING")
    correct(house.firm, contract)
    await handle.signal(ProvisionProjectWorkflow.records_changed)
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    assert await house.cases(contract) == []


async def test_a_change_that_comes_while_the_step_runs_is_not_missed(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("create_project", contract, "rejected")
    held = house.firm.psa.faults[-1]
    held.gate = asyncio.Event()
    handle = await house.provision(contract)
    await house.entered(held)
    await handle.signal(ProvisionProjectWorkflow.records_changed)
    held.gate.set()
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    assert await house.cases(contract) == []


async def test_of_two_findings_the_one_that_was_overridden_is_passed_over(house: House, contract: str) -> None:
    house.firm.sell(contract, tax_registrations=(), addresses=(Address(country="US"),))
    handle = await house.provision(contract)
    first, second = sorted(await house.until(lambda: two(house, contract), "two cases"), key=lambda case: case.number)
    await house.settle(contract, second.code, Decision.OVERRIDE)
    await handle.signal(ProvisionProjectWorkflow.records_changed)

    async def only_the_first() -> bool:
        open_codes = [case.code for case in await house.cases(contract)]
        return open_codes == [first.code] and house.firm.crm.words(contract).count("waiting") == 2

    await house.until(only_the_first, "the overridden finding is passed over")
    await house.settle(contract, first.code, Decision.OVERRIDE)
    assert (await handle.result()).status is EngagementStatus.ACTIVE


async def two(house: House, contract: str) -> object:
    cases = await house.cases(contract)
    return cases if len(cases) == 2 else None


async def test_rejecting_at_the_control_point_creates_nothing_and_closes_every_case(house: House, contract: str) -> None:
    house.firm.sell(contract, tax_registrations=(), addresses=(Address(country="US"),))
    handle = await house.provision(contract)
    await house.settle(contract, "TAX_ID_MISSING", Decision.REJECT)
    assert (await handle.result()).status is EngagementStatus.WITHDRAWN
    assert house.living(contract) == {} and await house.cases(contract) == []
    assert house.firm.crm.words(contract)[-1] == "withdrawn"


async def test_the_customer_that_a_person_named_is_used(house: House, contract: str) -> None:
    house.firm.sell(contract)
    reference = f"CUST-{contract}"
    namesakes = [a_customer_record(target_id=f"{contract}-{n}", reference=reference, tax_numbers=()) for n in (1, 2)]
    house.firm.erp.known += namesakes
    handle = await house.provision(contract)
    await house.settle(contract, "CUSTOMER_AMBIGUOUS", Decision.ADOPT, adopt=f"{contract}-2")
    handed = await handle.result()
    assert handed.targets["customer"] == f"{contract}-2"
    assert house.firm.erp.count("create_customer", contract) == 0


async def test_a_credit_limit_is_overridden_with_a_reason(house: House, contract: str) -> None:  # S31
    house.firm.sell(contract)
    short = a_customer_record(
        target_id=f"{contract}-1", reference=f"CUST-{contract}", credit_limit=usd(250_000), exposure=usd(21_000)
    )
    house.firm.erp.known.append(short)
    handle = await house.provision(contract)
    case = await house.settle(contract, "CREDIT_LIMIT", Decision.OVERRIDE)
    assert case.money_amount == 60_000
    assert (await handle.result()).targets["customer"] == f"{contract}-1"


async def test_a_record_that_is_missing_is_asked_for_and_nobody_else_is_told(house: House, contract: str) -> None:
    house.firm.sell(contract)
    deal = house.firm.crm.deals.pop(contract)
    handle = await house.provision(contract)
    await house.case(contract, "NOT_FOUND")
    assert house.firm.crm.words(contract) == []
    house.firm.crm.deals[contract] = deal
    await house.settle(contract, "NOT_FOUND", Decision.RETRY)
    assert (await handle.result()).status is EngagementStatus.ACTIVE


async def test_people_are_asked_though_the_deal_cannot_be_told(house: House, contract: str) -> None:
    house.firm.sell(contract, tax_registrations=())
    held = house.firm.crm.hold("write_back", contract)
    handle = await house.provision(contract)
    await house.case(contract, "TAX_ID_MISSING")
    assert held.gate is not None
    held.gate.set()
    await house.settle(contract, "TAX_ID_MISSING", Decision.OVERRIDE)
    assert (await handle.result()).status is EngagementStatus.ACTIVE


# Workstreams that had to wait (S14).


def sell_with_a_held_workstream(firm: Firm, contract: str) -> None:
    firm.sell(contract, orders={"WS-A": "4500-1"}, is_purchase_order_per_workstream=True)


async def test_a_held_workstream_joins_the_living_project(house: House, contract: str) -> None:
    sell_with_a_held_workstream(house.firm, contract)
    handle = await house.provision(contract)
    await house.case(contract, "PO_MISSING", "WS-B")
    assert await house.status(contract) == "partly_active"
    assert "phases" not in house.living(contract)["psa"]
    first = {one.line for one in await house.firm.books.plans.of(contract, version=1)}
    house.firm.order(contract, WS_B="4500-2")
    await handle.signal(ProvisionProjectWorkflow.records_changed)
    handed = await handle.result()
    assert handed.status is EngagementStatus.ACTIVE
    assert {one.line for one in await house.firm.books.plans.of(contract, version=1)} > first, "what joined is planned as well"
    assert {"psa_phases.WS-B", "erp_phases.WS-B", "schedule.WS-B"} <= set(handed.targets)
    engagement = await house.firm.books.engagements.read(contract)
    assert engagement is not None
    for system, project in ((house.firm.psa, "psa_project"), (house.firm.erp, "erp_project")):
        assert system.values[handed.targets[project]] == engagement.value, "what joined is part of what the project is worth"
    assert await house.cases(contract) == [] and await house.status(contract) == "active"


async def test_a_workstream_that_is_rejected_is_left_out_and_the_project_lives(house: House, contract: str) -> None:
    sell_with_a_held_workstream(house.firm, contract)
    handle = await house.provision(contract)
    await house.settle(contract, "PO_MISSING", Decision.REJECT, subject="WS-B")
    handed = await handle.result()
    assert handed.status is EngagementStatus.ACTIVE and "WS-B" in handed.note
    assert "phases" not in house.living(contract)["psa"]
    assert house.firm.crm.words(contract)[-1] == "active" and "WS-B" in house.firm.crm.last_note(contract)


async def test_a_workstream_whose_step_is_rejected_is_left_out_too(house: House, contract: str) -> None:
    sell_with_a_held_workstream(house.firm, contract)
    handle = await house.provision(contract)
    await house.case(contract, "PO_MISSING", "WS-B")
    house.firm.erp.fail("add_phases", contract, "rejected")
    await house.settle(contract, "PO_MISSING", Decision.OVERRIDE, subject="WS-B")
    await house.settle(contract, "REJECTED", Decision.REJECT)
    handed = await handle.result()
    assert handed.status is EngagementStatus.ACTIVE and "WS-B" in handed.note
    assert house.firm.psa.of(handed.targets["psa_project"]).state == "active"


async def test_a_project_is_worth_what_lives_in_it_when_a_workstream_is_left_out_at_its_last_step(
    house: House, contract: str
) -> None:
    sell_with_a_held_workstream(house.firm, contract)
    handle = await house.provision(contract)
    await house.case(contract, "PO_MISSING", "WS-B")
    house.firm.erp.fail("change_value", contract, "rejected")
    await house.settle(contract, "PO_MISSING", Decision.OVERRIDE, subject="WS-B")
    await house.settle(contract, "REJECTED", Decision.REJECT)
    handed = await handle.result()
    told, engagement = house.firm.psa.values[handed.targets["psa_project"]], await house.firm.books.engagements.read(contract)
    assert engagement is not None and engagement.value is not None
    assert "WS-B" in handed.note and told < engagement.value
    assert house.firm.psa.calls["change_value", contract] == 2, "raised, and lowered again"


async def test_a_living_project_is_not_cancelled(house: House, contract: str) -> None:
    sell_with_a_held_workstream(house.firm, contract)
    handle = await house.provision(contract)
    await house.case(contract, "PO_MISSING", "WS-B")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(ProvisionProjectWorkflow.cancel, CancelHandoff(actor="ann", reason="no"))
    assert isinstance(refused.value.cause, ApplicationError) and "lives already" in refused.value.cause.message
    await handle.cancel()
    handed = await handle.result()
    assert handed.status is EngagementStatus.PARTLY_ACTIVE
    assert house.firm.psa.of(handed.targets["psa_project"]).state == "active"
    assert await house.cases(contract) == [] and await house.status(contract) == "partly_active"
