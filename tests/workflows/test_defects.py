"""What no attempt can do ends as a named exception with an owner; what passes by itself never does (real engine and ledger)."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError
from temporalio.client import WorkflowFailureError

from activities.plan import PlanActivation
from canonical.engagement import EngagementStatus
from canonical.exception import Case, Decision
from canonical.money import Money
from canonical.party import Customer
from ledger.exceptions import CaseFilter
from tests.workflows.house import House
from tests.workflows.test_handoff import WHOLE
from workflows.plan_project import PlanProjectWorkflow
from workflows.sweep import SweepWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET_RATE = "225.00 of a customer's rate"


def unfit(account_id: str) -> Customer:
    """A record that a model of ours refuses, with a value that must be seen nowhere."""
    Money.model_validate({"amount": SECRET_RATE, "currency": "USD"})
    raise AssertionError


async def defects(house: House, about: str) -> list[Case]:
    """Open ones that name this."""
    found = await house.firm.books.cases.list(CaseFilter(code="DEFECT", limit=1000))
    return [case for case in found if about in case.key]


async def test_a_record_that_does_not_fit_waits_for_an_engineer_and_goes_on_once_it_does(
    house: House, contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.firm.sell(contract)
    read = house.firm.crm.read_account

    async def refused(account_id: str) -> Customer:
        return unfit(account_id) if contract in account_id else await read(account_id)

    monkeypatch.setattr(house.firm.crm, "read_account", refused)
    handle = await house.provision(contract)
    case = await house.case(contract, "DEFECT")
    assert case.owner_role == "integration_engineer" and case.workflow_id == handle.id and not case.can_override
    assert case.evidence["error"] == "ValidationError" and "Money.amount" in case.sentence
    assert case.evidence["where"].startswith("canonical/money.py:") or "test_defects" in case.evidence["where"]
    monkeypatch.undo()
    await house.settle(contract, "DEFECT", Decision.RETRY)
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    kept = [*(case.model_dump_json() for case in await defects(house, contract)), case.model_dump_json()]
    assert not any(SECRET_RATE in words for words in kept)


async def test_a_write_that_a_program_cannot_make_is_looked_up_first_and_then_a_persons(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("create_project", contract, "bug", times=2)
    handle = await house.provision(contract)
    case = await house.settle(contract, "DEFECT", Decision.RETRY, subject="create_psa_project")
    assert case.evidence["error"] == "KeyError"
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    assert house.living(contract) == WHOLE and await house.cases(contract) == []
    assert house.firm.psa.count("create_project", contract) == 3
    assert set((await house.firm.effects(contract)).values()) == {"written"}


async def test_a_write_whose_answer_a_program_cannot_read_is_found_and_asks_nobody(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("create_project", contract, "bug_after")
    handle = await house.provision(contract)
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    assert house.living(contract) == WHOLE and house.firm.psa.count("create_project", contract) == 1


async def test_what_passes_by_itself_asks_nobody(house: House, contract: str, monkeypatch: pytest.MonkeyPatch) -> None:
    house.firm.sell(contract)
    read, left = house.firm.crm.read_account, [ConnectionResetError("reset"), TimeoutError(), RuntimeError("closing")]

    async def away(account_id: str) -> Customer:
        if contract in account_id and left:
            raise left.pop(0)
        return await read(account_id)

    monkeypatch.setattr(house.firm.crm, "read_account", away)
    handle = await house.provision(contract)
    assert (await handle.result()).status is EngagementStatus.ACTIVE
    assert left == [] and await defects(house, contract) == []


async def test_a_workflow_that_ended_by_a_defect_is_found_by_the_sweep_once(
    house: House, contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(account_id: str) -> Customer:
        return unfit(account_id)

    house.firm.sell(contract)
    monkeypatch.setattr(house.firm.crm, "read_account", unreadable)
    name = f"plan_project/{contract}"
    with pytest.raises(WorkflowFailureError):
        await house.ran(PlanProjectWorkflow.run, name, PlanActivation(contract=contract))
    monkeypatch.undo()

    async def found() -> bool:  # the engine's list of what ended may be a moment behind
        swept = await (await house.began(SweepWorkflow.run, f"sweep/{uuid4().hex}")).result()
        return name in swept.stuck

    await house.until(found, f"the sweep finds {name}")
    [case] = await defects(house, f"DEFECT/{name}/")
    assert case.owner_role == "integration_engineer" and case.evidence["error"] == "ValidationError"
    assert SECRET_RATE not in case.model_dump_json() and not await found()


async def test_one_source_that_a_program_cannot_read_stops_no_sweep(
    house: House, contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(*_: Any) -> Any:
        unfit("")
        yield

    monkeypatch.setattr(house.firm.crm, "changes", unreadable)
    swept = await (await house.began(SweepWorkflow.run, f"sweep/{contract}")).result()
    [polled] = [one for one in swept.polled if one.source == "salesforce"]
    assert "Money.amount" in polled.failure and SECRET_RATE not in polled.failure
    [case] = await defects(house, "DEFECT/poll/salesforce")
    assert case.step == "sweep"


async def test_what_the_tests_call_unfit_is_refused_by_a_model() -> None:
    with pytest.raises(ValidationError, match="amount"):
        unfit("")
