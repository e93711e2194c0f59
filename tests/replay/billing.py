"""The paths of billing as short stories: work comes in, is charged and invoiced; milestones, subscriptions, retainers."""

from datetime import date
from typing import Any

from canonical.exception import Decision, Settlement
from canonical.sub_ledger import SubLedger, SubLedgerKind, Want
from tests.activities.firm import an_origin
from tests.build import an_acceptance, an_entry, usd
from tests.replay.stories import a_living_engagement, story
from tests.workflows.house import Handle, House
from workflows.bill_milestone import BillMilestone, BillMilestoneWorkflow
from workflows.bill_recurring import BillRecurring, BillRecurringWorkflow
from workflows.bill_time import BillTime, BillTimeWorkflow
from workflows.expire_retainer import ExpireRetainer, ExpireRetainerWorkflow
from workflows.reconcile import Reconcile, ReconcileWorkflow
from workflows.release_invoice import ReleaseInvoice, ReleaseInvoiceWorkflow


@story
async def bill_milestone_without_evidence(house: House, contract: str) -> Handle:
    await a_living_engagement(house, contract)
    handle = await house.began(
        BillMilestoneWorkflow.run,
        f"bill_milestone/{contract}",
        BillMilestone(acceptance=an_acceptance(contract, evidence_url="")),
    )
    await house.settle(contract, "ACCEPTANCE_NO_EVIDENCE", Decision.OVERRIDE)
    await handle.result()
    return handle


@story
async def bill_recurring(house: House, contract: str) -> Handle:
    await a_living_engagement(house, contract)
    request = BillRecurring(contract=contract, through=date(2027, 12, 31))
    return await house.ran(BillRecurringWorkflow.run, f"bill_recurring/{contract}", request)


@story
async def bill_time(house: House, contract: str) -> Handle:
    await a_living_engagement(house, contract)
    house.firm.psa.record(an_entry(contract))
    return await house.ran(BillTimeWorkflow.run, f"bill_time/{contract}", BillTime(system="kantata"))


@story
async def bill_time_that_is_charged(house: House, contract: str) -> Handle:
    handle = await bill_time(house, contract)
    await house.client.get_workflow_handle("post_charges/netsuite").result()
    return handle


@story
async def bill_time_that_takes_long(house: House, contract: str) -> Handle:
    await a_living_engagement(house, contract)
    house.firm.psa.record(an_entry(contract))
    held = house.firm.psa.hold("expenses", "kantata")
    handle = await house.began(BillTimeWorkflow.run, f"bill_time/{contract}", BillTime(system="kantata"))

    async def has_looked() -> bool:
        return "find_chargeable" in str((await handle.fetch_history()).to_json())

    await house.until(has_looked, "what is rated is looked for")
    assert held.gate is not None
    held.gate.set()
    await handle.result()
    return handle


@story
async def post_charges(house: House, contract: str) -> Handle:
    await bill_time(house, contract)
    handle = house.client.get_workflow_handle("post_charges/netsuite")
    await handle.result()
    return handle


@story
async def post_charges_with_a_refused_batch(house: House, contract: str) -> Handle:
    house.firm.erp.fail("post_charges", contract, "rejected")
    await bill_time(house, contract)
    handle = house.client.get_workflow_handle("post_charges/netsuite")

    async def numbers() -> list[int]:
        waits: list[int] = await handle.query("waits_for", result_type=list[int])
        return waits

    [number] = await house.until(numbers, "a batch waits for a person")
    await house.firm.books.cases.settle(number, Decision.RETRY, actor="ann", reason="mapped", adopt="")
    settlement = Settlement(number=number, decision=Decision.RETRY, actor="ann", reason="mapped")
    await handle.execute_update("settle", settlement, result_type=str)
    await handle.result()
    return handle


@story
async def release_invoice_that_a_person_releases(house: House, contract: str) -> Handle:
    house.firm.sell(contract, orders={"": "4500-9"})
    await (await house.provision(contract)).result()
    for milestone in ("M1", "M2"):
        acceptance = BillMilestone(acceptance=an_acceptance(contract, milestone=milestone))
        await house.ran(BillMilestoneWorkflow.run, f"bill_milestone/{contract}/{milestone}", acceptance)
    house.firm.psa.record(an_entry(contract))
    await house.ran(BillTimeWorkflow.run, f"bill_time/{contract}", BillTime(system="kantata"))
    request = ReleaseInvoice(contract=contract, run="first", through=date(2027, 12, 31))
    handle = await house.began(ReleaseInvoiceWorkflow.run, f"release_invoice/{contract}", request)
    await house.settle(contract, "INVOICE_RELEASE", Decision.OVERRIDE)
    await handle.result()
    return handle


@story
async def release_invoice_that_the_erp_refuses(house: House, contract: str) -> Handle:
    await a_living_engagement(house, contract)
    house.firm.psa.record(an_entry(contract))
    await house.ran(BillTimeWorkflow.run, f"bill_time/{contract}", BillTime(system="kantata"))
    house.firm.psa.entries.clear()
    house.firm.erp.fail("post_invoice", contract, "rejected")
    request = ReleaseInvoice(contract=contract, run="first", through=date(2027, 12, 31))
    handle = await house.began(ReleaseInvoiceWorkflow.run, f"release_invoice/{contract}", request)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await handle.result()
    return handle


@story
async def expire_retainer_broken(house: House, contract: str) -> Handle:
    house.firm.sell(contract)
    await (await house.provision(contract)).result()
    books, origin = house.firm.books.billing, an_origin(contract)
    facts: dict[str, Any] = {"kind": SubLedgerKind.RETAINER, "contract": contract, "name": "L9"}
    await books.sub_ledgers.open(
        SubLedger(**facts, currency="USD", agreed=usd(20_000), expires_on=date(2026, 6, 1)), origin=origin
    )
    await books.sub_ledgers.fund(Want(**facts, key="fund/1", amount=usd(5_000)), origin=origin)
    request = ExpireRetainer(contract=contract, name="L9", on=date(2026, 6, 1))
    handle = await house.began(ExpireRetainerWorkflow.run, f"expire_retainer/{contract}/L9/2026-06-01", request)
    await house.settle(contract, "RETAINER_EXPIRED", Decision.OVERRIDE)
    await handle.result()
    return handle


@story
async def reconcile_with_entries_that_heal(house: House, contract: str) -> Handle:
    await a_living_engagement(house, contract)
    house.firm.psa.record(an_entry(contract))
    request = Reconcile(entity="US01", since=date(2026, 1, 1), through=date(2026, 12, 31))
    handle = await house.ran(ReconcileWorkflow.run, f"reconcile/{contract}", request)
    house.firm.psa.entries.clear()
    return handle
