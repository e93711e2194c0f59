"""The paths of receivables as short stories, beside those of the sagas."""

from datetime import date

from canonical.exception import Case, Decision
from tests.build import an_acceptance, usd
from tests.replay.stories import a_living_engagement, story
from tests.workflows.house import Handle, House
from workflows.apply_credit import ApplyCreditTo, ApplyCreditWorkflow
from workflows.bill_milestone import BillMilestone, BillMilestoneWorkflow
from workflows.follow_invoice import FollowInvoice, FollowInvoiceWorkflow
from workflows.poll_receivables import PollReceivablesWorkflow
from workflows.release_invoice import ReleaseInvoice, ReleaseInvoiceWorkflow
from workflows.take_deposit import TakeDepositOf, TakeDepositWorkflow


async def a_posted_invoice(house: House, contract: str) -> None:
    await a_living_engagement(house, contract)
    acceptance = BillMilestone(acceptance=an_acceptance(contract))
    await house.ran(BillMilestoneWorkflow.run, f"bill_milestone/{contract}/M1", acceptance)
    request = ReleaseInvoice(contract=contract, run="first", through=date(2027, 12, 31))
    await house.ran(ReleaseInvoiceWorkflow.run, f"release_invoice/{contract}/first", request)


@story
async def poll_receivables(house: House, contract: str) -> Handle:
    await a_posted_invoice(house, contract)
    return await house.ran(PollReceivablesWorkflow.run, f"poll_receivables/{contract}")


@story
async def follow_invoice(house: House, contract: str) -> Handle:
    await a_posted_invoice(house, contract)
    request = FollowInvoice(customer=f"CUST-{contract}")
    return await house.ran(FollowInvoiceWorkflow.run, f"follow_invoice/CUST-{contract}", request)


@story
async def follow_invoice_of_an_account_that_is_left_untold(house: House, contract: str) -> Handle:
    await a_posted_invoice(house, contract)
    house.firm.crm.fail("tell_account", contract, "rejected")
    request = FollowInvoice(customer=f"CUST-{contract}")
    handle = await house.began(FollowInvoiceWorkflow.run, f"follow_invoice/CUST-{contract}", request)

    async def waits() -> Case | None:
        found = await house.firm.books.cases.open_of(f"CUST-{contract}", "cash_application")
        return found[0] if found else None

    case = await house.until(waits, "an account that was refused")
    await house.firm.books.cases.settle(case.number, Decision.REJECT, actor="ann", reason="not a customer of theirs")
    await house.tell(case, Decision.REJECT)
    await handle.result()
    return handle


@story
async def take_deposit(house: House, contract: str) -> Handle:
    await a_living_engagement(house, contract)
    request = TakeDepositOf(contract=contract, reference=f"ADV-{contract}", amount=usd(100), on=date(2026, 11, 2))
    return await house.ran(TakeDepositWorkflow.run, f"take_deposit/{contract}", request)


@story
async def apply_credit(house: House, contract: str) -> Handle:
    await a_posted_invoice(house, contract)
    deposit = TakeDepositOf(contract=contract, reference=f"ADV-{contract}", amount=usd(100), on=date(2026, 11, 2))
    taken = await (await house.ran(TakeDepositWorkflow.run, f"take_deposit/{contract}", deposit)).result()
    request = ApplyCreditTo(
        system="netsuite", source_id=taken.target_id, invoice=f"{contract}.first", contract=contract, amount=usd(100)
    )
    return await house.ran(ApplyCreditWorkflow.run, f"apply_credit/{contract}", request)
