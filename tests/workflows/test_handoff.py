"""The straight handoff, and every step failing for good: a person is asked, and it goes on from that step."""

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from canonical.engagement import EngagementStatus
from canonical.exception import Decision
from tests.workflows.house import House
from workflows.provision_project import ProvisionProjectWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")

WHOLE = {"psa": ["project", "staffing"], "erp": ["customer", "project", "schedule"], "documents": ["document", "workspace"]}
STEPS = [
    ("psa", "create_project", "create_psa_project"),
    ("psa", "request_staffing", "request_staffing"),
    ("psa", "activate_project", "activate_psa_project"),
    ("erp", "create_customer", "create_customer"),
    ("erp", "create_project", "create_erp_project"),
    ("erp", "create_schedule", "create_schedule"),
    ("documents", "create_workspace", "create_workspace"),
    ("documents", "upload", "file_signed_contract"),
    ("crm", "write_back", "tell_deal"),
]
of_every_step = pytest.mark.parametrize(("system", "operation", "step"), STEPS, ids=[step for _, _, step in STEPS])


async def test_a_signed_contract_becomes_a_governed_project(house: House, contract: str) -> None:
    house.firm.sell(contract)
    handed = await (await house.provision(contract)).result()
    assert handed.status is EngagementStatus.ACTIVE
    assert house.living(contract) == WHOLE
    assert house.firm.psa.of(handed.targets["psa_project"]).state == "active"
    assert house.firm.crm.words(contract) == ["active"]
    assert await house.status(contract) == "active" and await house.cases(contract) == []
    assert set((await house.firm.effects(contract)).values()) == {"written"}
    row = await house.firm.books.engagements.read(contract)
    assert row is not None and row.targets == handed.targets


@of_every_step
async def test_a_step_that_fails_for_good_is_retried_by_a_person(
    house: House, contract: str, system: str, operation: str, step: str
) -> None:
    house.firm.sell(contract)
    getattr(house.firm, system).fail(operation, contract, "rejected")
    handle = await house.provision(contract)
    case = await house.settle(contract, "REJECTED", Decision.RETRY, subject=step)
    assert case.workflow_id == handle.id and not case.can_override
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    assert house.living(contract) == WHOLE and await house.cases(contract) == []
    assert getattr(house.firm, system).count(operation, contract) == 2


@of_every_step
async def test_a_step_that_a_person_rejects_undoes_everything(
    house: House, contract: str, system: str, operation: str, step: str
) -> None:
    house.firm.sell(contract)
    getattr(house.firm, system).fail(operation, contract, "rejected")
    handle = await house.provision(contract)
    await house.settle(contract, "REJECTED", Decision.REJECT, subject=step)
    ended = await handle.result()
    assert ended.status is EngagementStatus.WITHDRAWN and "because" in ended.note
    assert house.living(contract) == {}
    assert house.firm.crm.last_note(contract) == "Rejected by ann: because"
    assert await house.status(contract) == "withdrawn" and await house.cases(contract) == []
    assert await house.firm.books.plans.of(contract, version=1) == []


async def test_what_was_made_is_undone_in_reverse(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("activate_project", contract, "rejected")
    handle = await house.provision(contract)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await handle.result()
    undone = [name for name, about in house.firm.erp.order if contract in about and name.split("_")[0] in {"withdraw", "cancel"}]
    assert undone == ["cancel_schedule", "withdraw_project", "withdraw_customer"]
    project = house.firm.psa.of(next(r.target_id for r in house.firm.psa.records.values() if r.reference == contract))
    assert project.state == "archived" and project.reason == "Rejected by ann: because"


async def test_a_transient_failure_is_nobodys_business(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.erp.fail("create_project", contract, "not_reached")
    assert (await (await house.provision(contract)).result()).status is EngagementStatus.ACTIVE
    assert house.firm.erp.count("create_project", contract) == 2


async def test_a_lost_answer_makes_no_second_project(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.erp.fail("create_project", contract, "lost")
    house.firm.psa.fail("create_project", contract, "bad_gateway")
    assert (await (await house.provision(contract)).result()).status is EngagementStatus.ACTIVE
    assert house.firm.erp.count("create_project", contract) == house.firm.psa.count("create_project", contract) == 1
    assert house.living(contract) == WHOLE


async def test_an_outcome_that_nobody_can_look_up_is_settled_by_a_person(house: House, contract: str) -> None:  # S20 e
    house.firm.sell(contract)
    house.firm.documents.is_searchable = False
    try:
        house.firm.documents.fail("create_workspace", contract, "lost")
        handle = await house.provision(contract)
        await house.settle(contract, "OUTCOME_UNKNOWN", Decision.ADOPT, adopt="WS-9")
        handed = await handle.result()
    finally:
        house.firm.documents.is_searchable = True
    assert handed.targets["workspace"] == "WS-9"
    assert house.firm.documents.count("create_workspace", contract) == 1


async def test_two_troubles_at_once_are_two_cases_and_rejecting_one_closes_the_other(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("create_project", contract, "rejected")
    house.firm.erp.fail("create_project", contract, "misconfigured")
    handle = await house.provision(contract)
    await house.case(contract, "MISCONFIGURED")
    await house.settle(contract, "REJECTED", Decision.REJECT)
    assert (await handle.result()).status is EngagementStatus.WITHDRAWN
    assert await house.cases(contract) == [] and house.living(contract) == {}


async def refused(house: House, contract: str, decision: Decision, number: int, **more: str) -> str:
    """Why the workflow does not take a decision."""
    case = (await house.case(contract, "REJECTED")).model_copy(update={"number": number})
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await house.tell(case, decision, **more)
    assert isinstance(failed.value.cause, ApplicationError) and failed.value.cause.type is not None
    return failed.value.cause.type


async def test_only_what_is_waited_for_and_allowed_can_be_settled(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("create_project", contract, "rejected")
    handle = await house.provision(contract)
    number = (await house.case(contract, "REJECTED")).number
    assert await refused(house, contract, Decision.RETRY, number + 1000) == "NotWaiting"
    assert await refused(house, contract, Decision.OVERRIDE, number) == "NoOverride"
    assert await refused(house, contract, Decision.ADOPT, number) == "NothingToAdopt"
    assert await handle.query(ProvisionProjectWorkflow.waits_for) == [number]
    await house.settle(contract, "REJECTED", Decision.RETRY)
    assert (await handle.result()).status is EngagementStatus.ACTIVE
