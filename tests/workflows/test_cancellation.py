"""Cancelling, by a person's update or by the engine, at any point: what was made is undone, the deal hears why, and it ends."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import CancelledError
from temporalio.service import RPCError, RPCStatusCode

from canonical.engagement import EngagementStatus
from canonical.exception import Decision
from tests.activities.memory import Fault
from tests.workflows.house import Handle, House
from workflows.provision_project import CancelHandoff, ProvisionProjectWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")

WISH = CancelHandoff(actor="ann", reason="The customer withdrew.")
Cancel = Callable[[Handle], Awaitable[None]]


async def by_update(handle: Handle) -> None:
    assert await handle.execute_update(ProvisionProjectWorkflow.cancel, WISH) == "withdrawing"


async def by_engine(handle: Handle) -> None:
    await handle.cancel()


both_ways = pytest.mark.parametrize("cancel", [by_update, by_engine])
POINTS = [
    ("erp", "create_customer"),
    ("psa", "create_project"),
    ("erp", "create_schedule"),
    ("documents", "upload"),
    ("psa", "activate_project"),
    ("crm", "write_back"),
]


async def ends_withdrawn(house: House, handle: Handle, contract: str, cancel: Cancel) -> None:
    """Everything is undone; by update it ends with its result, by the engine as cancelled."""
    if cancel is by_update:
        ended = await handle.result()
        assert ended.status is EngagementStatus.WITHDRAWN and ended.note == "Cancelled by ann: The customer withdrew."
    else:
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert isinstance(failed.value.cause, CancelledError)
    assert house.living(contract) == {} and await house.cases(contract) == []
    assert await house.status(contract) == "withdrawn"


@both_ways
async def test_before_anything_was_made_nothing_remains(house: House, contract: str, cancel: Cancel) -> None:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.provision(contract)
    await house.case(contract, "TAX_ID_MISSING")
    await cancel(handle)
    await ends_withdrawn(house, handle, contract, cancel)
    assert await house.firm.effects(contract) == dict.fromkeys(await house.firm.effects(contract), "written")


@both_ways
@pytest.mark.parametrize(("system", "operation"), POINTS, ids=[f"{system}-{name}" for system, name in POINTS])
async def test_in_the_middle_of_a_write_that_still_succeeds_nothing_remains(
    house: House, contract: str, system: str, operation: str, cancel: Cancel
) -> None:
    """A write that runs to its end has swallowed the cancellation; no further step may be taken all the same."""
    house.firm.sell(contract)
    held = getattr(house.firm, system).hold(operation, contract)
    handle = await house.provision(contract)
    await house.entered(held)
    await cancel(handle)
    await release(house, handle, held)
    await ends_withdrawn(house, handle, contract, cancel)
    assert house.firm.psa.count("activate_project", contract) == (1 if operation in {"activate_project", "write_back"} else 0)


async def release(house: House, handle: Handle, held: Fault) -> None:
    """Let the held call go on once the workflow has heard of the cancellation."""

    async def heard() -> bool:
        kinds = {event.event_type for event in (await handle.fetch_history()).events}
        return EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED in kinds

    await house.until(heard, "the workflow heard of it")
    assert held.gate is not None
    held.gate.set()


@both_ways
async def test_while_a_step_waits_for_a_person_nothing_remains(house: House, contract: str, cancel: Cancel) -> None:
    house.firm.sell(contract)
    house.firm.erp.fail("create_schedule", contract, "rejected")
    handle = await house.provision(contract)
    await house.case(contract, "REJECTED")
    await cancel(handle)
    await ends_withdrawn(house, handle, contract, cancel)


async def test_during_compensation_a_second_cancellation_changes_nothing(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("activate_project", contract, "rejected")
    held = house.firm.erp.hold("withdraw_project", contract)
    handle = await house.provision(contract)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await house.entered(held)
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update(ProvisionProjectWorkflow.cancel, WISH)
    await handle.cancel()
    assert held.gate is not None
    held.gate.set()
    ended = await handle.result()
    assert ended.status is EngagementStatus.WITHDRAWN and ended.note == "Rejected by ann: because"
    assert house.living(contract) == {} and await house.status(contract) == "withdrawn"


async def test_what_is_over_cannot_be_cancelled(house: House, contract: str) -> None:
    house.firm.sell(contract)
    handle = await house.provision(contract)
    await handle.result()
    with pytest.raises(RPCError) as refused:
        await handle.execute_update(ProvisionProjectWorkflow.cancel, WISH)
    assert refused.value.status is RPCStatusCode.NOT_FOUND and house.living(contract) != {}


# A compensation that fails.


async def withdrawing(house: House, contract: str, *faults: tuple[str, str]) -> Handle:
    """A handoff that is rejected at its end, with undos that fail."""
    house.firm.sell(contract)
    house.firm.psa.fail("activate_project", contract, "rejected")
    for system, operation in faults:
        getattr(house.firm, system).fail(operation, contract, "misconfigured")
    handle = await house.provision(contract)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    return handle


async def test_an_undo_that_fails_lets_the_others_run_and_is_retried_by_a_person(house: House, contract: str) -> None:
    handle = await withdrawing(house, contract, ("erp", "withdraw_project"))
    case = await house.case(contract, "COMPENSATION_FAILED", "erp_project")
    assert house.living(contract) == {"erp": ["project"]}
    assert contract in case.sentence and "the key has expired" in case.sentence
    await house.settle(contract, "COMPENSATION_FAILED", Decision.RETRY)
    assert (await handle.result()).status is EngagementStatus.WITHDRAWN
    assert house.living(contract) == {} and await house.cases(contract) == []


@pytest.mark.parametrize("decision", [Decision.OVERRIDE, Decision.REJECT])
async def test_an_undo_that_a_person_did_by_hand_is_passed_over(house: House, contract: str, decision: Decision) -> None:
    handle = await withdrawing(house, contract, ("erp", "withdraw_project"), ("documents", "withdraw_workspace"))
    await house.settle(contract, "COMPENSATION_FAILED", decision, subject="erp_project")
    await house.settle(contract, "COMPENSATION_FAILED", Decision.RETRY, subject="workspace")
    assert (await handle.result()).status is EngagementStatus.WITHDRAWN
    assert house.living(contract) == {"erp": ["project"]} and await house.cases(contract) == []


async def test_an_undo_that_fails_again_is_asked_about_again(house: House, contract: str) -> None:
    handle = await withdrawing(house, contract, ("psa", "archive_project"), ("psa", "archive_project"))
    first = await house.settle(contract, "COMPENSATION_FAILED", Decision.RETRY)
    second = await house.settle(contract, "COMPENSATION_FAILED", Decision.RETRY)
    assert second.number != first.number and second.key == first.key
    assert (await handle.result()).status is EngagementStatus.WITHDRAWN


async def test_a_deal_that_cannot_be_told_does_not_keep_a_withdrawal_from_ending(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("create_project", contract, "rejected")
    house.firm.crm.fail("write_back", f"{contract} withdrawn", "rejected")
    handle = await house.provision(contract)
    await house.settle(contract, "REJECTED", Decision.REJECT, subject="create_psa_project")
    await house.settle(contract, "REJECTED", Decision.REJECT, subject="tell_deal")
    assert (await handle.result()).status is EngagementStatus.WITHDRAWN
    assert await house.status(contract) == "withdrawn" and await house.cases(contract) == []


@both_ways
async def test_while_an_exception_is_being_opened_it_is_closed_again(house: House, contract: str, cancel: Cancel) -> None:
    """The cancellation overtakes neither the opening of the case nor the plan of revenue that it undoes."""
    house.firm.sell(contract, tax_registrations=())
    async with house.firm.books.database.transaction() as connection:
        await connection.execute("LOCK TABLE cases IN ACCESS EXCLUSIVE MODE")
        handle = await house.provision(contract)

        async def is_opening() -> bool:
            return "open_cases" in await house.activities_of(handle)

        await house.until(is_opening, "the case is being opened")
        await cancel(handle)
        await asyncio.sleep(0.3)
    await ends_withdrawn(house, handle, contract, cancel)
