"""The coordinator: facts in any order and any number, one handoff at a time, amendments, voided contracts, continued as new."""

import asyncio
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from activities.acceptance import SUBMITTED
from activities.fact import IdentifyEvent
from canonical.acceptance import AcceptanceState
from canonical.document import SigningState
from canonical.engagement import EngagementStatus
from canonical.event import FactKind
from canonical.exception import Decision
from operations.dispatch import start_engagement
from tests.activities.firm import a_delivery
from tests.build import SIGNED_TERMS, a_customer, an_acceptance
from tests.workflows.house import Handle, House
from workflows import options
from workflows.engagement import EngagementWorkflow
from workflows.identify_event import IdentifyEventWorkflow
from workflows.signals import EventNote

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATER = "2026-04-02T09:00:00Z"


async def took(house: House, handle: Handle, deliveries: int) -> None:
    """Wait until the engagement has taken that many in."""

    async def has_taken() -> bool:
        return await handle.query(EngagementWorkflow.taken) >= deliveries

    await house.until(has_taken, f"{deliveries} deliveries are taken in")


async def test_five_hundred_signals_of_four_events_are_one_handoff(house: House, contract: str) -> None:  # S18
    house.firm.sell(contract)
    numbers = await house.firm.receive(contract, "clm", "crm", "poll", "clm-again")
    await start_engagement(house.client, contract, numbers[0])
    handle = house.client.get_workflow_handle(f"engagement/{contract}")
    rest = (numbers * 125)[1:]
    await asyncio.gather(*(handle.signal(EngagementWorkflow.received, EventNote(number=number)) for number in rest))
    await house.reached(contract, "active")
    await took(house, handle, 500)
    outcomes = sorted(outcome for _, outcome in await house.firm.books.inbox.story(contract))
    assert outcomes == ["duplicate", "duplicate", "duplicate", "taken"]
    for system, operation in (("erp", "create_customer"), ("erp", "create_project"), ("psa", "create_project")):
        assert getattr(house.firm, system).count(operation, contract) == 1
    assert len(await house.runs_of(f"provision_project/{contract}/1")) == 1


async def test_a_handoff_under_an_engagement_ends_active(house: House, contract: str) -> None:
    house.firm.sell(contract)
    await house.hear(contract, "executed")
    await house.reached(contract, "active")
    handed = await house.handoff(contract).result()
    assert handed.status is EngagementStatus.ACTIVE
    assert await house.firm.books.expectations.unmet(contract) == []


async def test_a_change_before_the_execution_waits_for_it(house: House, contract: str) -> None:
    house.firm.sell(contract)
    envelopes, house.firm.contracts.envelopes[contract] = house.firm.contracts.envelopes[contract], []
    early = await house.hear(contract, "won", kind=FactKind.DEAL_WON, source="salesforce")
    await early.result()  # nothing is known of the contract yet; the next delivery starts it again
    assert await house.status(contract) == "parked"
    house.firm.contracts.envelopes[contract] = envelopes
    await house.hear(contract, "executed")
    await house.reached(contract, "active")


async def test_a_corrected_record_reaches_the_handoff_that_waits(house: House, contract: str) -> None:
    house.firm.sell(contract, tax_registrations=())
    await house.hear(contract, "executed")
    await house.case(contract, "TAX_ID_MISSING")
    house.firm.crm.accounts[f"001-{contract}"] = a_customer(reference=f"CUST-{contract}")
    await house.hear(contract, "corrected", kind=FactKind.RECORD_CHANGED, source="salesforce")
    await house.reached(contract, "active")
    assert await house.cases(contract) == []


async def test_a_change_after_the_handoff_ended_harms_nobody(house: House, contract: str) -> None:
    house.firm.sell(contract)
    handle = await house.hear(contract, "executed")
    await house.reached(contract, "active")
    await house.hear(contract, "changed", "changed-again", kind=FactKind.RECORD_CHANGED, source="salesforce")
    await took(house, handle, 3)
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_a_newer_version_takes_the_place_of_one_that_waits(house: House, contract: str) -> None:
    house.firm.sell(contract, tax_registrations=())
    await house.hear(contract, "executed")
    await house.case(contract, "TAX_ID_MISSING")
    house.firm.sign(contract, version=LATER)
    house.firm.crm.accounts[f"001-{contract}"] = a_customer(reference=f"CUST-{contract}")
    await house.hear(contract, "signed-again")
    await house.reached(contract, "active")
    assert (await house.handoff(contract, 2).result()).status is EngagementStatus.ACTIVE
    assert await house.runs_of(f"provision_project/{contract}/1") == [WorkflowExecutionStatus.CANCELED]
    assert "Version 2 of the contract takes its place." in [u.note for u in house.firm.crm.told if u.contract == contract]
    assert await house.cases(contract) == []


async def test_a_newer_version_makes_anew_what_the_older_one_had_made(house: House, contract: str) -> None:
    """Also what stood inside: staffing and documents belong to the project and the workspace that are gone."""
    house.firm.sell(contract)
    house.firm.psa.fail("activate_project", contract, "rejected")
    await house.hear(contract, "executed")
    await house.case(contract, "REJECTED", "activate_psa_project")
    house.firm.sign(contract, version=LATER)
    await house.hear(contract, "signed-again")
    handed = await house.until(lambda: started(house, contract), "the second handoff")
    result = await handed.result()
    assert result.status is EngagementStatus.ACTIVE
    assert house.living(contract) == {
        "psa": ["project", "staffing"],
        "erp": ["customer", "project", "schedule"],
        "documents": ["document", "workspace"],
    }
    assert house.firm.psa.of(result.targets["psa_project"]).state == "active"
    assert all(house.firm.psa.of(r.target_id).state != "live" for r in house.firm.psa.records.values() if r.reference == contract)
    assert await house.cases(contract) == []


async def started(house: House, contract: str) -> Handle | None:
    return house.handoff(contract, 2) if await house.runs_of(f"provision_project/{contract}/2") else None


async def test_what_an_earlier_version_gave_up_before_it_was_sent_is_carried_out(house: House, contract: str) -> None:
    house.firm.sell(contract)
    house.firm.erp.fail("create_project", contract, "rejected")
    await house.hear(contract, "executed")
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await house.reached(contract, "withdrawn")
    house.firm.sign(contract, version=LATER)
    await house.hear(contract, "signed-again")
    await house.reached(contract, "active")
    assert house.living(contract)["erp"] == ["customer", "project", "schedule"]
    assert await house.cases(contract) == []


async def test_an_amendment_of_a_living_engagement_waits_for_a_person(house: House, contract: str) -> None:
    house.firm.sell(contract)
    handle = await house.hear(contract, "executed")
    await house.reached(contract, "active")
    house.firm.sign(contract, version=LATER, terms={**SIGNED_TERMS, "total": "310,000.00"})
    await house.hear(contract, "amended", "amended-again")
    case = await house.case(contract, "AMENDMENT_WAITING")
    await took(house, handle, 3)
    assert case.subject == "2" and [one.code for one in await house.cases(contract)] == ["AMENDMENT_WAITING"]
    assert await house.runs_of(f"provision_project/{contract}/2") == []
    assert await house.status(contract) == "active"


@pytest.mark.parametrize("state", [SigningState.VOIDED, SigningState.DECLINED])
async def test_a_contract_that_ends_withdraws_its_handoff(house: House, contract: str, state: SigningState) -> None:
    house.firm.sell(contract)
    house.firm.psa.fail("activate_project", contract, "rejected")
    await house.hear(contract, "executed")
    await house.case(contract, "REJECTED")
    house.firm.contracts.envelopes[contract] = []
    house.firm.sign(contract, state=state, executed_at=None)
    await house.hear(contract, "ended", kind=FactKind.CONTRACT_VOIDED)
    await house.reached(contract, "withdrawn")
    assert house.living(contract) == {} and await house.cases(contract) == []
    assert house.firm.crm.last_note(contract) == "The contract was voided or declined."


async def test_a_long_life_is_continued_as_new_and_forgets_nothing(house: House, contract: str) -> None:
    house.firm.sell(contract)
    handle = await house.hear(contract, "executed")
    await house.reached(contract, "active")
    for number in range(12):
        await house.hear(contract, f"again-{number}")
        await took(house, handle, number + 2)

    async def is_continued() -> bool:
        return WorkflowExecutionStatus.CONTINUED_AS_NEW in await house.runs_of(f"engagement/{contract}")

    await house.until(is_continued, "it is continued as new")
    outcomes = [outcome for _, outcome in await house.firm.books.inbox.story(contract)]
    assert outcomes.count("taken") == 1 and outcomes.count("duplicate") == 12
    assert len(await house.runs_of(f"provision_project/{contract}/1")) == 1


async def test_records_that_cannot_be_read_are_work_for_people_and_are_read_again(house: House, contract: str) -> None:
    house.firm.sell(contract)
    good, house.firm.contracts.envelopes[contract] = house.firm.contracts.envelopes[contract], []
    house.firm.sign(contract, terms={**SIGNED_TERMS, "total": "a lot"})
    handle = await house.hear(contract, "executed", claims={"value": "289000"})
    case = await house.case(contract, "MALFORMED")
    assert "total" in case.sentence and (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    house.firm.contracts.envelopes[contract] = [good[0].model_copy(update={"version": LATER})]
    await house.hear(contract, "executed-again")
    await house.reached(contract, "active")
    assert await house.cases(contract) == []


async def test_a_delivery_without_a_contract_is_identified(house: House, contract: str) -> None:
    house.firm.sell(contract)
    event = a_delivery(None, f"{contract}/nameless", object_id=f"env-{contract}-1")
    [number] = (await house.firm.books.inbox.receive([event])).new
    identified = await house.client.execute_workflow(
        IdentifyEventWorkflow.run,
        IdentifyEvent(number=number),
        id=f"identify_event/{number}",
        task_queue=options.WORKFLOWS,
    )
    assert identified.contract == contract


# Acceptances.


async def accepted(house: House, contract: str, **changes: Any) -> Handle:
    """The customer's word on a milestone is submitted; answers the process that bills it."""
    acceptance = an_acceptance(contract, **changes)
    kept = await house.firm.books.dossiers.keep(SUBMITTED, acceptance.subject, acceptance)
    facts = {"source": "acceptances", "kind": FactKind.MILESTONE_ACCEPTANCE, "object_kind": SUBMITTED, "object_id": kept}
    await house.hear(contract, f"{acceptance.version}.{kept[:8]}", **facts)
    return house.client.get_workflow_handle(acceptance.billing)


async def items_of(house: House, contract: str) -> list[str]:
    found = await house.firm.books.billing.billables.read([f"{contract}.M1"])
    return [f"{one.state} {one.item.amount}" for one in found]


async def outcome_of(house: House, contract: str, outcome: str) -> None:
    """Wait until some delivery of the contract came to this."""

    async def came() -> bool:
        return outcome in [said for _, said in await house.firm.books.inbox.story(contract)]

    await house.until(came, f"a delivery about {contract} is {outcome}")


async def begun(house: House, handle: Handle) -> None:
    async def is_there() -> bool:
        return bool(await house.runs_of(handle.id))

    await house.until(is_there, f"{handle.id} is begun")


async def test_an_accepted_milestone_is_billable_once_for_each_word_of_it(house: House, contract: str) -> None:
    house.firm.sell(contract)
    await house.hear(contract, "executed")
    await house.reached(contract, "active")
    billing = await accepted(house, contract)
    await begun(house, billing)
    await billing.result()
    await accepted(house, contract)
    engagement = house.client.get_workflow_handle(f"engagement/{contract}")
    await engagement.signal(
        EngagementWorkflow.received, EventNote(number=(await house.firm.books.inbox.story(contract))[-1][0].number)
    )
    await took(house, engagement, 3)
    assert len(await house.runs_of(billing.id)) == 1
    assert len(await items_of(house, contract)) == 1


async def test_what_was_accepted_before_the_contract_was_heard_of_is_billable_once_it_lives(house: House, contract: str) -> None:
    billing = await accepted(house, contract)
    await house.reached(contract, "parked")
    house.firm.sell(contract)
    await house.hear(contract, "executed")
    await house.reached(contract, "active")
    [number] = [row.number for row, _ in await house.firm.books.inbox.story(contract) if row.event.object_kind == SUBMITTED]
    await start_engagement(house.client, contract, number)  # as the dispatcher does with what is parked no more
    await begun(house, billing)
    await billing.result()
    assert len(await items_of(house, contract)) == 1


async def test_an_acceptance_that_is_taken_back_ends_what_waits_for_it(house: House, contract: str) -> None:
    house.firm.sell(contract)
    await house.hear(contract, "executed")
    await house.reached(contract, "active")
    waiting = await accepted(house, contract, version="1", evidence_url="")
    await house.case(contract, "ACCEPTANCE_NO_EVIDENCE")
    back = await accepted(house, contract, version="2", evidence_url="", state=AcceptanceState.WITHDRAWN)
    await begun(house, back)
    assert [(await one.result())["is_billable"] for one in (back, waiting)] == [False, False]
    assert await house.cases(contract) == [] == await items_of(house, contract)
