"""The paths of credits and of rates that change afterwards as short stories."""

from contextlib import suppress
from datetime import date
from typing import Any

from temporalio.client import WorkflowFailureError

from canonical.credit import CreditRequest, Rebill
from canonical.exception import Decision
from canonical.rate_card import Rate, RateCard
from tests.activities.firm import an_origin
from tests.build import a_customer, usd
from tests.replay.stories import an_invoice_of, story
from tests.workflows.house import Handle, House
from workflows.credit_and_rebill import CreditAndRebill, CreditAndRebillWorkflow
from workflows.follow_rates import FollowRatesWorkflow, RatesImported

MAKER = "fin.okafor@northwind.example"


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
