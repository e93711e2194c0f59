"""The worker goes away in the middle and another takes over: everything goes on from where it was, and nothing is done twice."""

import asyncio
import logging

import pytest

from activities.plan import PlanActivation
from canonical.engagement import EngagementStatus
from canonical.exception import Decision
from canonical.expectation import Expectation
from tests.workflows.house import House
from workflows import options
from workflows.check_systems import CheckSystemsWorkflow
from workflows.plan_project import PlanProjectWorkflow
from workflows.sweep import SweepWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_handoff_that_waits_goes_on_under_another_worker(
    house: House, contract: str, caplog: pytest.LogCaptureFixture
) -> None:
    house.firm.sell(contract)
    house.firm.erp.fail("create_schedule", contract, "rejected")
    handle = await house.provision(contract)
    await house.case(contract, "REJECTED")
    with caplog.at_level(logging.WARNING, "temporalio"):
        await house.restart()
    assert [record.message for record in caplog.records if "evict" in record.message.lower()] == []
    await house.settle(contract, "REJECTED", Decision.RETRY)
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    assert house.firm.psa.count("create_project", contract) == house.firm.erp.count("create_project", contract) == 1
    assert house.firm.erp.count("create_schedule", contract) == 2


async def test_a_write_that_the_worker_leaves_behind_is_found_again(house: House, contract: str) -> None:
    """The call was committed over there; its worker was told to stop before it heard so."""
    house.firm.sell(contract)
    held = house.firm.psa.hold("create_project", contract)
    held.ends = "lost"
    handle = await house.provision(contract)
    await house.entered(held)

    async def rest_is_done() -> bool:
        effects = await house.firm.effects(contract)
        return effects.get(f"create_schedule/{contract}") == effects.get(f"file_signed_contract/{contract}") == "written"

    await house.until(rest_is_done, "the other branches have ended")
    assert held.gate is not None
    asyncio.get_running_loop().call_later(0.2, held.gate.set)
    await house.restart()
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    assert house.firm.psa.count("create_project", contract) == 1


async def test_a_withdrawal_goes_on_under_another_worker(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("activate_project", contract, "rejected")
    house.firm.erp.fail("withdraw_project", contract, "misconfigured")
    handle = await house.provision(contract)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await house.case(contract, "COMPENSATION_FAILED")
    await house.restart()
    await house.settle(contract, "COMPENSATION_FAILED", Decision.RETRY)
    assert (await handle.result()).status is EngagementStatus.WITHDRAWN
    assert house.living(contract) == {}


# The short workflows.


async def test_a_dry_run_touches_nothing(house: House, contract: str) -> None:
    house.firm.sell(contract)
    planned = await house.client.execute_workflow(
        PlanProjectWorkflow.run, PlanActivation(contract=contract), id=f"plan_project/{contract}", task_queue=options.WORKFLOWS
    )
    assert planned.findings == [] and len(planned.writes) > 5
    assert house.living(contract) == {} and await house.firm.effects(contract) == {}


async def test_the_round_heals_what_was_missed(house: House, contract: str) -> None:
    now = await house.firm.books.clock.now()
    key = f"activation/{contract}/1"
    missed = Expectation(key=key, what="x", reference=contract, engagement=contract, heal_at=now, raise_at=now)
    await house.firm.books.expectations.expect(missed)
    rounds = [
        await house.client.execute_workflow(SweepWorkflow.run, id=f"sweep/{contract}/{n}", task_queue=options.WORKFLOWS)
        for n in range(2)
    ]
    assert [key in swept.healed for swept in rounds] == [key in swept.raised for swept in rounds] == [True, False]
    assert all(polled.failure == "" for polled in rounds[0].polled)


async def test_every_system_is_asked_for_a_sign_of_life(house: House, contract: str) -> None:
    found = await house.client.execute_workflow(CheckSystemsWorkflow.run, id=f"check/{contract}", task_queue=options.WORKFLOWS)
    assert {one.capability for one in found if one.works} >= {"crm", "psa", "customers", "documents"}
