"""Every path of the sagas as a short story; each plays against the real engine and answers the workflows that it is about."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

from temporalio.client import WorkflowFailureError

from activities.acceptance import SUBMITTED
from activities.fact import IdentifyEvent
from activities.plan import PlanActivation
from canonical.credit import CreditRequest, Rebill
from canonical.document import SigningState
from canonical.event import FactKind
from canonical.exception import Decision, Settlement
from canonical.rate_card import Rate, RateCard
from canonical.sub_ledger import SubLedger, SubLedgerKind, Want
from tests.activities.firm import a_delivery, an_origin
from tests.build import a_customer, an_acceptance, an_entry, usd
from tests.workflows.house import Handle, House
from workflows.bill_milestone import BillMilestone, BillMilestoneWorkflow
from workflows.bill_recurring import BillRecurring, BillRecurringWorkflow
from workflows.bill_time import BillTime, BillTimeWorkflow
from workflows.check_systems import CheckSystemsWorkflow
from workflows.credit_and_rebill import CreditAndRebill, CreditAndRebillWorkflow
from workflows.engagement import EngagementWorkflow
from workflows.expire_retainer import ExpireRetainer, ExpireRetainerWorkflow
from workflows.follow_rates import FollowRatesWorkflow, RatesImported
from workflows.identify_event import IdentifyEventWorkflow
from workflows.plan_project import PlanProjectWorkflow
from workflows.provision_project import CancelHandoff, ProvisionProjectWorkflow
from workflows.reconcile import Reconcile, ReconcileWorkflow
from workflows.release_invoice import ReleaseInvoice, ReleaseInvoiceWorkflow
from workflows.sweep import SweepWorkflow

Story = Callable[[House, str], Awaitable[Handle]]
STORIES: dict[str, Story] = {}
LATER = "2026-04-02T09:00:00Z"


def story(play: Story) -> Story:
    """Its name is the history's."""
    STORIES[play.__name__.replace("_", "-")] = play
    return play


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


async def a_living_engagement(house: House, contract: str) -> None:
    house.firm.sell(contract)
    await (await house.provision(contract)).result()


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


MAKER = "fin.okafor@northwind.example"


async def an_invoice_of(house: House, contract: str, *, paid: bool = False) -> str:
    """Eight hours at 225, posted."""
    await a_living_engagement(house, contract)
    house.firm.psa.record(an_entry(contract))
    await house.ran(BillTimeWorkflow.run, f"bill_time/{contract}", BillTime(system="kantata"))
    house.firm.psa.entries.clear()
    request = ReleaseInvoice(contract=contract, run="first", through=date(2027, 12, 31))
    await house.ran(ReleaseInvoiceWorkflow.run, f"release_invoice/{contract}", request)
    if paid:
        [target] = [key for key, one in house.firm.erp.invoices.items() if one.reference == f"{contract}.first"]
        house.firm.erp.pay(target, house.firm.erp.invoices[target].total)
    return f"{contract}.first"


async def credited(house: House, contract: str, **more: Any) -> Handle:
    """A credit of all of it is asked for."""
    credit = CreditRequest(reference=f"{contract}.first.CR1", invoice=f"{contract}.first", reason="because", **more)
    asked = CreditAndRebill(request=credit, actor=MAKER)
    return await house.began(CreditAndRebillWorkflow.run, f"credit_and_rebill/{credit.reference}", asked)


@story
async def credit_approved_and_billed_again(house: House, contract: str) -> Handle:
    await an_invoice_of(house, contract, paid=True)
    handle = await credited(house, contract, rebill=Rebill())
    await house.settle(contract, "CREDIT_APPROVAL", Decision.OVERRIDE)
    await handle.result()
    return handle


@story
async def credit_transferred_to_another_customer(house: House, contract: str) -> Handle:
    await an_invoice_of(house, contract, paid=True)
    handle = await credited(house, contract, rebill=Rebill(bill_to=a_customer(reference=f"CUST-{contract}-2")))
    await house.settle(contract, "CREDIT_APPROVAL", Decision.OVERRIDE)
    await house.settle(contract, "CREDIT_TRANSFER", Decision.OVERRIDE)
    await handle.result()
    return handle


@story
async def credit_not_transferred_to_another_customer(house: House, contract: str) -> Handle:
    await an_invoice_of(house, contract, paid=True)
    handle = await credited(house, contract, rebill=Rebill(bill_to=a_customer(reference=f"CUST-{contract}-2")))
    await house.settle(contract, "CREDIT_APPROVAL", Decision.OVERRIDE)
    await house.settle(contract, "CREDIT_TRANSFER", Decision.REJECT)
    await handle.result()
    return handle


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


@story
async def credit_rejected(house: House, contract: str) -> Handle:
    await an_invoice_of(house, contract)
    handle = await credited(house, contract)
    await house.settle(contract, "CREDIT_APPROVAL", Decision.REJECT)
    await handle.result()
    return handle


@story
async def credit_that_the_erp_refuses(house: House, contract: str) -> Handle:
    await an_invoice_of(house, contract)
    house.firm.erp.fail("post_credit_memo", contract, "rejected")
    handle = await credited(house, contract)
    await house.settle(contract, "CREDIT_APPROVAL", Decision.OVERRIDE)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await handle.result()
    return handle


@story
async def credit_cancelled_while_it_waits(house: House, contract: str) -> Handle:
    await an_invoice_of(house, contract)
    handle = await credited(house, contract)
    await house.case(contract, "CREDIT_APPROVAL")
    await handle.cancel()
    with suppress(WorkflowFailureError):
        await handle.result()
    return handle


@story
async def follow_rates(house: House, contract: str) -> Handle:
    await an_invoice_of(house, contract)
    card = RateCard(
        reference=f"{contract}.agreed",
        contract=contract,
        version=2,
        rates=(Rate(role="Senior", line="L2", rate=usd(210), since=date(2026, 4, 1)),),
    )
    await house.firm.books.billing.rate_cards.add(card, origin=an_origin(contract))
    request = RatesImported(contract=contract, card=card.reference, version=2, actor=MAKER)
    return await house.ran(FollowRatesWorkflow.run, f"follow_rates/{contract}", request)


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
