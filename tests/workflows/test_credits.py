"""Credits on the real engine and ledger: proposed, agreed, posted once, taken back whole, billed again (S06, S07, S20 d)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from canonical.credit import CreditPart, CreditRequest, ProposalState, Rebill
from canonical.errors import KeyReusedWithDifferentContent, MoveRefused, Rejected
from canonical.exception import Decision
from canonical.invoice import InvoiceState
from canonical.party import TaxRegistration
from ledger.exceptions import CaseFilter
from operations.credit_desk import CreditDesk
from operations.engine import Engine
from operations.settlement import NotAllowedToSettle, Settlements
from tests.build import a_customer, an_entry, usd
from tests.workflows.house import House
from tests.workflows.test_billing import living, net_of, polled, released
from workflows.poll_receivables import PollReceivablesWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")
MAKER, CHECKER = "fin.okafor@northwind.example", "cora.control@northwind.example"


def desk(house: House) -> CreditDesk:
    firm = house.firm
    settlements = Settlements(Engine(house.client), firm.books.cases, firm.policies, firm.books.clock)
    return CreditDesk(Engine(house.client), firm.books, firm.policies, settlements)


async def invoiced(house: House, contract: str, *hours: str) -> str:
    """A posted invoice of these hours at 225, one entry each."""
    await living(house, contract)
    for number, each in enumerate(hours, start=1):
        house.firm.psa.record(
            an_entry(contract, source_id=f"{contract}-{number}", hours=Decimal(each), work_date=date(2026, 4, 15 + number))
        )
    await polled(house, contract)
    house.firm.psa.entries.clear()
    await (await released(house, contract)).result()
    return f"{contract}.first"


def a_credit(invoice: str, *parts: CreditPart, **changes: Any) -> CreditRequest:
    facts: dict[str, Any] = {"reference": f"{invoice}.CR1", "invoice": invoice, "reason": "The customer was right."}
    return CreditRequest(**{**facts, **({"parts": parts} if parts else {}), **changes})


async def items_of(house: House, invoice: str) -> dict[str, Any]:
    return {one.billable: one for one in await house.firm.books.billing.documents.allocations(invoice)}


async def test_a_small_credit_goes_through_and_reopens_exactly_its_entry(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "4.5", "3.5")
    second = sorted(await items_of(house, invoice))[1]
    proposal = await desk(house).propose(a_credit(invoice, CreditPart(billable=second)), actor=MAKER)
    assert (proposal.state, proposal.net, proposal.reopened) == (ProposalState.POSTED, usd("787.50"), (second,))
    again = await desk(house).propose(a_credit(invoice, CreditPart(billable=second)), actor=MAKER)
    assert again.state is ProposalState.POSTED
    assert house.firm.erp.count("post_credit_memo", contract) == 1
    await (await released(house, contract, "second")).result()
    assert await net_of(house, contract) == ["posted 1,800.00 USD", "posted 787.50 USD", "posted 787.50 USD"]
    document = await house.firm.books.billing.documents.read(invoice)
    assert document.open == usd("1012.50")


async def test_above_the_threshold_another_person_must_agree(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "8")
    credits = desk(house)
    proposal = await credits.propose(a_credit(invoice), actor=MAKER)
    assert (proposal.state, proposal.total, proposal.proposed_by) == (ProposalState.PROPOSED, usd(1800), MAKER)
    assert [one.request.reference for one in await credits.proposals(contract=contract)] == [f"{invoice}.CR1"]
    assert (await net_of(house, contract)) == ["posted 1,800.00 USD"]
    with pytest.raises(MoveRefused, match="cannot approve it"):
        await credits.approve(f"{invoice}.CR1", actor=MAKER)
    with pytest.raises(NotAllowedToSettle):
        await credits.approve(f"{invoice}.CR1", actor="sam.sales@northwind.example")
    approved = await credits.approve(f"{invoice}.CR1", actor=CHECKER)
    assert (approved.state, approved.decided_by) == (ProposalState.POSTED, CHECKER)
    assert (await house.firm.books.billing.documents.read(invoice)).state is InvoiceState.CREDITED
    assert await credits.proposals(contract=contract) == []


async def test_who_controls_does_not_approve_what_they_proposed(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "8")
    await desk(house).propose(a_credit(invoice), actor=CHECKER)
    with pytest.raises(MoveRefused) as refused:
        await desk(house).approve(f"{invoice}.CR1", actor=CHECKER)
    assert refused.value.specific_code == "SAME_PAIR_OF_EYES"
    taken_back = await desk(house).reject(f"{invoice}.CR1", actor=CHECKER, reason="I was wrong.")
    assert taken_back.state is ProposalState.REJECTED


async def test_a_rejected_credit_leaves_everything_as_it_was(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "8")
    await desk(house).propose(a_credit(invoice), actor=MAKER)
    rejected = await desk(house).reject(f"{invoice}.CR1", actor=CHECKER, reason="Not agreed.")
    assert (rejected.state, rejected.decided_by) == (ProposalState.REJECTED, CHECKER)
    assert await net_of(house, contract) == ["posted 1,800.00 USD"]
    assert house.firm.erp.count("post_credit_memo", contract) == 0
    with pytest.raises(Rejected) as closed:
        await desk(house).propose(a_credit(invoice), actor=MAKER)
    assert closed.value.specific_code == "PROPOSAL_CLOSED"


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (CreditPart(amount=usd("1800.01")), "CREDIT_ABOVE_BILLED"),
        (CreditPart(quantity=Decimal("8.5")), "CREDIT_ABOVE_BILLED"),
        (CreditPart(billable="kantata.other"), "NOT_ON_INVOICE"),
        (CreditPart(line=7), "NOT_ON_INVOICE"),
        (CreditPart(amount=usd("0.001")), "TOO_MANY_DIGITS"),
    ],
)
async def test_what_cannot_be_credited_is_refused_before_anything_is_touched(
    house: House, contract: str, part: CreditPart, code: str
) -> None:
    invoice = await invoiced(house, contract, "8")
    with pytest.raises(Rejected) as refused:
        await desk(house).propose(a_credit(invoice, part), actor=MAKER)
    assert refused.value.specific_code == code
    assert await desk(house).proposals(contract=contract, with_decided=True) == []


async def test_the_same_reference_is_not_another_credit(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "8")
    await desk(house).propose(a_credit(invoice), actor=MAKER)
    with pytest.raises(KeyReusedWithDifferentContent):
        await desk(house).propose(a_credit(invoice, CreditPart(amount=usd(1))), actor=MAKER)
    request = a_credit(invoice, reference="any")
    assert await desk(house).reference_for(invoice, request) == f"{invoice}.CR1"
    other = request.model_copy(update={"reason": "Another one."})
    assert await desk(house).reference_for(invoice, other) == f"{invoice}.CR2"


async def test_a_credit_whose_answer_is_lost_is_posted_once(house: House, contract: str) -> None:  # S20 d
    invoice = await invoiced(house, contract, "4")
    house.firm.erp.fail("post_credit_memo", contract, "lost")
    proposal = await desk(house).propose(a_credit(invoice), actor=MAKER)
    assert proposal.state is ProposalState.POSTED
    assert house.firm.erp.count("post_credit_memo", contract) == 1
    assert len([key for key in house.firm.erp.records if contract in key and key.startswith("create_credit_memo")]) == 1


async def test_a_credit_that_the_erp_refuses_is_taken_back_when_rejected(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "4")
    house.firm.erp.fail("post_credit_memo", contract, "rejected")
    await desk(house).propose(a_credit(invoice), actor=MAKER)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    handle = house.client.get_workflow_handle(f"credit_and_rebill/{invoice}.CR1")
    assert (await handle.result())["state"] == "withdrawn"
    assert await net_of(house, contract) == ["posted 900.00 USD", "withdrawn 900.00 USD"]
    [item] = (await items_of(house, invoice)).values()
    assert item.left == usd(900)
    house.firm.erp.heal(contract)


async def test_a_cancelled_proposal_leaves_everything_as_it_was(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "8")
    await desk(house).propose(a_credit(invoice), actor=MAKER)
    handle = house.client.get_workflow_handle(f"credit_and_rebill/{invoice}.CR1")
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    story = await desk(house).show(f"{invoice}.CR1")
    assert (story.proposal.state, story.waiting) == (ProposalState.WITHDRAWN, ())
    assert await net_of(house, contract) == ["posted 1,800.00 USD"]


@pytest.mark.parametrize(("ends", "state"), [("", "posted"), ("lost_request", "withdrawn")])
async def test_a_credit_cancelled_in_the_middle_of_its_write_stands_everywhere_or_nowhere(
    house: House, contract: str, ends: str, state: str
) -> None:
    invoice = await invoiced(house, contract, "4")
    fault = house.firm.erp.hold("post_credit_memo", contract)
    fault.ends = ends
    credits = desk(house)
    handle = await credits._started(a_credit(invoice), MAKER)
    await house.entered(fault)
    await handle.cancel()
    assert fault.gate
    fault.gate.set()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert (await credits.show(f"{invoice}.CR1")).proposal.state.value == state
    stands = "credited" if state == "posted" else "posted"
    assert await net_of(house, contract) == [f"{stands} 900.00 USD", f"{state} 900.00 USD"]
    house.firm.erp.heal(contract)


@pytest.mark.parametrize("ends", ["", "lost"])
async def test_a_paid_invoice_is_billed_again_to_another_customer(house: House, contract: str, ends: str) -> None:  # S07
    invoice = await invoiced(house, contract, "8")
    document = await house.firm.books.billing.documents.read(invoice)
    [target] = [key for key, one in house.firm.erp.invoices.items() if one.reference == invoice]
    house.firm.erp.pay(target, document.total)
    other = a_customer(
        reference=f"CUST-{contract}-IE",
        legal_name="Acme Ireland Ltd",
        tax_registrations=(TaxRegistration(country="IE", number="IE6388047V"),),
    )
    if ends:
        house.firm.erp.fail("create_customer", other.reference, ends)
    request = a_credit(invoice, rebill=Rebill(bill_to=other))
    await desk(house).propose(request, actor=MAKER)
    await desk(house).approve(request.reference, actor=CHECKER)
    documents = {one.reference: one for one in await house.firm.books.billing.documents.of(contract)}
    rebilled = documents[f"{contract}.first.CR1.rebill"]
    assert (rebilled.customer, rebilled.net, rebilled.state) == (other.reference, usd(1800), InvoiceState.POSTED)
    assert documents[request.reference].open == usd(1800)
    [case] = await house.cases(contract)
    assert (case.code, case.money_amount) == ("CREDIT_TRANSFER", Decimal(1800))
    await house.settle(contract, "CREDIT_TRANSFER", Decision.OVERRIDE)
    await house.client.get_workflow_handle(f"credit_and_rebill/{request.reference}").result()
    documents = {one.reference: one for one in await house.firm.books.billing.documents.of(contract)}
    rebilled = documents[rebilled.reference]
    assert (documents[request.reference].open, rebilled.open, rebilled.state) == (usd(0), usd(0), InvoiceState.PAID)
    transfers = [one for one in house.firm.erp.transfers if contract in one]
    assert transfers == [f"{request.reference}.to.first.CR1.rebill"]
    assert set((await house.firm.effects(contract)).values()) == {"written"}
    assert house.firm.erp.count("create_customer", other.reference) == 1
    items = await items_of(house, f"{contract}.first.CR1.rebill")
    assert await house.firm.books.billing.traces.of_item(next(iter(items))) == [invoice, request.reference, rebilled.reference]
    await house.ran(PollReceivablesWorkflow.run, f"poll_receivables/{contract}/after")
    await house.client.get_workflow_handle(f"follow_invoice/{other.reference}").result()
    told = [one.has_account for one in house.firm.crm.exposures if one.customer == other.reference]
    assert told and not any(told), "no account stands for it: its deal alone is told"
    assert "REJECTED" not in {case.code for case in await house.firm.books.cases.list(CaseFilter(customer=other.reference))}


@pytest.mark.parametrize("ends", ["", "lost", "lost_request"])
async def test_what_is_left_of_a_credit_settles_the_same_customers_new_invoice(house: House, contract: str, ends: str) -> None:
    invoice = await invoiced(house, contract, "4")
    document = await house.firm.books.billing.documents.read(invoice)
    [target] = [key for key, one in house.firm.erp.invoices.items() if one.reference == invoice]
    house.firm.erp.pay(target, document.total)
    if ends:
        house.firm.erp.fail("apply_credit", contract, ends)
    await desk(house).propose(a_credit(invoice, rebill=Rebill()), actor=MAKER)
    documents = {one.reference: one for one in await house.firm.books.billing.documents.of(contract)}
    assert {one.reference.removeprefix(f"{contract}."): one.open for one in documents.values()} == {
        "first": usd(0), "first.CR1": usd(0), "first.CR1.rebill": usd(0),
    }  # fmt: skip
    assert await house.cases(contract) == []
    applied = {key: state for key, state in (await house.firm.effects(contract)).items() if key.startswith("apply_")}
    assert list(applied.values()) == ["written"]
