"""The paths of provisioning as short stories: straight on, corrected, rejected, cancelled, undone, workstream by workstream."""

from temporalio.client import WorkflowFailureError

from canonical.exception import Decision
from tests.build import a_customer
from tests.replay.stories import story
from tests.workflows.house import Handle, House
from workflows.provision_project import CancelHandoff, ProvisionProjectWorkflow


@story
async def provision_straight(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    handle = await house.provision(contract)
    await handle.result()
    return handle


@story
async def provision_corrected_at_the_control_point(house: House, contract: str) -> Handle:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.provision(contract)
    await house.case(contract, "TAX_ID_MISSING")
    house.firm.crm.accounts[f"001-{contract}"] = a_customer(reference=f"CUST-{contract}")
    await handle.signal(ProvisionProjectWorkflow.records_changed)
    await handle.result()
    return handle


@story
async def provision_overridden_at_the_control_point(house: House, contract: str) -> Handle:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.provision(contract)
    await house.settle(contract, "TAX_ID_MISSING", Decision.OVERRIDE)
    await handle.result()
    return handle


@story
async def provision_rejected_at_the_control_point(house: House, contract: str) -> Handle:
    house.firm.sell(contract, tax_registrations=())
    handle = await house.provision(contract)
    await house.settle(contract, "TAX_ID_MISSING", Decision.REJECT)
    await handle.result()
    return handle


@story
async def provision_with_a_step_retried(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    house.firm.erp.fail("create_schedule", contract, "rejected")
    handle = await house.provision(contract)
    await house.settle(contract, "REJECTED", Decision.RETRY)
    await handle.result()
    return handle


@story
async def provision_with_a_step_rejected(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    house.firm.psa.fail("activate_project", contract, "rejected")
    handle = await house.provision(contract)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await handle.result()
    return handle


@story
async def provision_with_an_outcome_adopted(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    house.firm.documents.is_searchable = False
    house.firm.documents.fail("create_workspace", contract, "lost")
    handle = await house.provision(contract)
    await house.settle(contract, "OUTCOME_UNKNOWN", Decision.ADOPT, adopt="WS-9")
    await handle.result()
    house.firm.documents.is_searchable = True
    return handle


@story
async def provision_cancelled_by_a_person(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    house.firm.erp.fail("create_schedule", contract, "rejected")
    handle = await house.provision(contract)
    await house.case(contract, "REJECTED")
    await handle.execute_update(ProvisionProjectWorkflow.cancel, CancelHandoff(actor="ann", reason="The customer withdrew."))
    await handle.result()
    return handle


@story
async def provision_cancelled_by_the_engine(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    house.firm.psa.fail("activate_project", contract, "rejected")
    handle = await house.provision(contract)
    await house.case(contract, "REJECTED")
    await handle.cancel()
    try:
        await handle.result()
    except WorkflowFailureError:
        return handle
    raise AssertionError("it was not cancelled")


@story
async def provision_cancelled_in_the_middle_of_a_write(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    held = house.firm.psa.hold("activate_project", contract)
    handle = await house.provision(contract)
    await held.entered.wait()
    await handle.execute_update(ProvisionProjectWorkflow.cancel, CancelHandoff(actor="ann", reason="The customer withdrew."))
    assert held.gate is not None
    held.gate.set()
    await handle.result()
    return handle


@story
async def provision_with_undos_that_fail(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    house.firm.psa.fail("activate_project", contract, "rejected")
    house.firm.erp.fail("withdraw_project", contract, "misconfigured")
    house.firm.documents.fail("withdraw_workspace", contract, "misconfigured")
    handle = await house.provision(contract)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await house.settle(contract, "COMPENSATION_FAILED", Decision.RETRY, subject="erp_project")
    await house.settle(contract, "COMPENSATION_FAILED", Decision.OVERRIDE, subject="workspace")
    await handle.result()
    return handle


@story
async def provision_with_a_workstream_that_joins(house: House, contract: str) -> Handle:
    house.firm.sell(contract, orders={"WS-A": "4500-1"}, is_purchase_order_per_workstream=True)
    handle = await house.provision(contract)
    await house.case(contract, "PO_MISSING")
    house.firm.order(contract, WS_B="4500-2")
    await handle.signal(ProvisionProjectWorkflow.records_changed)
    await handle.result()
    return handle


@story
async def provision_with_a_workstream_that_is_planned(house: House, contract: str) -> Handle:
    return await provision_with_a_workstream_that_joins(house, contract)


@story
async def provision_with_a_workstream_left_out(house: House, contract: str) -> Handle:
    house.firm.sell(contract, orders={"WS-A": "4500-1"}, is_purchase_order_per_workstream=True)
    handle = await house.provision(contract)
    await house.settle(contract, "PO_MISSING", Decision.REJECT)
    await handle.result()
    return handle
