"""Stories of what changes while a project lives: a workstream that joins and is worth something, work that is rated again."""

from datetime import date

from canonical.credit import Rebill
from canonical.exception import Decision
from canonical.rate_card import Rate, RateCard
from tests.activities.firm import an_origin
from tests.build import usd
from tests.replay.billing import bill_time_that_is_charged
from tests.replay.credits import MAKER, credited
from tests.replay.provisioning import provision_with_a_workstream_that_joins
from tests.replay.stories import an_invoice_of, story
from tests.workflows.house import Handle, House
from workflows.follow_rates import FollowRatesWorkflow, RatesImported
from workflows.provision_project import ProvisionProjectWorkflow


@story
async def provision_with_a_workstream_that_raises_the_value(house: House, contract: str) -> Handle:
    return await provision_with_a_workstream_that_joins(house, contract)


@story
async def provision_with_a_workstream_whose_value_is_refused(house: House, contract: str) -> Handle:
    house.firm.sell(contract, orders={"WS-A": "4500-1"}, is_purchase_order_per_workstream=True)
    handle = await house.provision(contract)
    await house.case(contract, "PO_MISSING")
    house.firm.erp.fail("change_value", contract, "rejected")
    house.firm.order(contract, WS_B="4500-2")
    await handle.signal(ProvisionProjectWorkflow.records_changed)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await handle.result()
    return handle


@story
async def follow_rates_of_work_that_is_charged(house: House, contract: str) -> Handle:
    await bill_time_that_is_charged(house, contract)
    await _raised(house, contract)
    request = RatesImported(contract=contract, card=f"{contract}.agreed", version=2, actor=MAKER)
    handle = await house.ran(FollowRatesWorkflow.run, f"follow_rates/{contract}", request)
    await house.client.get_workflow_handle("post_charges/netsuite").result()
    return handle


@story
async def credit_billed_again_at_current_rates(house: House, contract: str) -> Handle:
    await an_invoice_of(house, contract)
    await _raised(house, contract)
    handle = await credited(house, contract, rebill=Rebill(at_current_rates=True))
    await house.settle(contract, "CREDIT_APPROVAL", Decision.OVERRIDE)
    await handle.result()
    await house.client.get_workflow_handle("post_charges/netsuite").result()
    return handle


async def _raised(house: House, contract: str) -> None:
    """The agreed rate is higher since the contract began."""
    card = RateCard(
        reference=f"{contract}.agreed",
        contract=contract,
        version=2,
        rates=(Rate(role="Senior", line="L2", rate=usd(240), since=date(2026, 4, 1)),),
    )
    await house.firm.books.billing.rate_cards.add(card, origin=an_origin(contract))
