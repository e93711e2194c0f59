"""The paths of the engagement as short stories, and of the small processes around it."""

from functools import partial

from activities.acceptance import SUBMITTED
from activities.fact import IdentifyEvent
from activities.plan import PlanActivation
from canonical.document import SigningState
from canonical.event import FactKind
from tests.activities.firm import a_delivery
from tests.build import a_customer, an_acceptance
from tests.replay.stories import story
from tests.workflows.house import Handle, House
from workflows.check_systems import CheckSystemsWorkflow
from workflows.engagement import EngagementWorkflow
from workflows.identify_event import IdentifyEventWorkflow
from workflows.plan_project import PlanProjectWorkflow
from workflows.sweep import SweepWorkflow

LATER = "2026-04-02T09:00:00Z"


@story
async def engagement_with_a_handoff(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    handle = await house.hear(contract, "executed", "executed-again")
    await house.reached(contract, "active")
    return handle


@story
async def engagement_heard_of_too_early(house: House, contract: str) -> Handle:
    handle = await house.hear(contract, "won", kind=FactKind.DEAL_WON, source="salesforce")
    await handle.result()
    return handle


@story
async def engagement_with_a_corrected_record(house: House, contract: str) -> Handle:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.hear(contract, "executed")
    await house.case(contract, "TAX_ID_MISSING")
    house.firm.crm.accounts[f"001-{contract}"] = a_customer(reference=f"CUST-{contract}")
    await house.hear(contract, "corrected", kind=FactKind.RECORD_CHANGED, source="salesforce")
    await house.reached(contract, "active")
    return handle


@story
async def engagement_with_a_newer_version(house: House, contract: str) -> Handle:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.hear(contract, "executed")
    await house.case(contract, "TAX_ID_MISSING")
    house.firm.sign(contract, version=LATER)
    house.firm.crm.accounts[f"001-{contract}"] = a_customer(reference=f"CUST-{contract}")
    await house.hear(contract, "signed-again")
    await house.reached(contract, "active")
    return handle


@story
async def engagement_with_an_amendment(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    handle = await house.hear(contract, "executed")
    await house.reached(contract, "active")
    house.firm.sign(contract, version=LATER)
    await house.hear(contract, "amended")
    await house.case(contract, "AMENDMENT_WAITING")
    return handle


@story
async def engagement_whose_contract_is_voided(house: House, contract: str) -> Handle:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.hear(contract, "executed")
    await house.case(contract, "TAX_ID_MISSING")
    house.firm.contracts.envelopes[contract] = []
    house.firm.sign(contract, state=SigningState.VOIDED, executed_at=None)
    await house.hear(contract, "voided", kind=FactKind.CONTRACT_VOIDED)
    await house.reached(contract, "withdrawn")
    return handle


@story
async def engagement_continued_as_new(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    handle = await house.hear(contract, "executed")
    first = (await handle.describe()).run_id
    await house.reached(contract, "active")
    for number in range(12):
        await house.hear(contract, f"again-{number}")
        await house.until(partial(has_taken, handle, number + 2), "it is taken in")
    return house.client.get_workflow_handle(handle.id, run_id=first)


async def has_taken(handle: Handle, deliveries: int) -> bool:
    return await handle.query(EngagementWorkflow.taken) >= deliveries


@story
async def identify_event(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    event = a_delivery(None, f"{contract}/nameless", object_id=f"env-{contract}-1")
    [number] = (await house.firm.books.inbox.receive([event])).new
    return await house.ran(IdentifyEventWorkflow.run, f"identify_event/{contract}", IdentifyEvent(number=number))


@story
async def plan_project(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    return await house.ran(PlanProjectWorkflow.run, f"plan_project/{contract}", PlanActivation(contract=contract))


@story
async def sweep(house: House, contract: str) -> Handle:
    return await house.ran(SweepWorkflow.run, f"sweep/{contract}")


@story
async def check_systems(house: House, contract: str) -> Handle:
    return await house.ran(CheckSystemsWorkflow.run, f"check_systems/{contract}")


@story
async def engagement_with_acceptances(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    handle = await house.hear(contract, "executed")
    await house.reached(contract, "active")
    for version in ("1", "2"):
        acceptance = an_acceptance(contract, version=version)
        kept = await house.firm.books.dossiers.keep(SUBMITTED, acceptance.subject, acceptance)
        facts = {"source": "acceptances", "kind": FactKind.MILESTONE_ACCEPTANCE, "object_kind": SUBMITTED, "object_id": kept}
        await house.hear(contract, version, **facts)
        await house.until(partial(is_begun, house, acceptance.billing), f"{acceptance.billing} is begun")
    return handle


async def is_begun(house: House, workflow_id: str) -> bool:
    return bool([run async for run in house.client.list_workflows(f"WorkflowId = '{workflow_id}'")])
