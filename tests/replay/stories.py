"""Short stories of the paths of the workflows, by name, and what they share; each is told with its topic, beside this."""

from collections.abc import Awaitable, Callable
from datetime import date

from tests.build import an_entry
from tests.workflows.house import Handle, House
from workflows.bill_time import BillTime, BillTimeWorkflow
from workflows.release_invoice import ReleaseInvoice, ReleaseInvoiceWorkflow

Story = Callable[[House, str], Awaitable[Handle]]
"""Plays against the real engine and answers the workflow that it is about."""
STORIES: dict[str, Story] = {}


def story(play: Story) -> Story:
    """Its name is the history's."""
    STORIES[play.__name__.replace("_", "-")] = play
    return play


async def a_living_engagement(house: House, contract: str) -> None:
    house.firm.sell(contract)
    await (await house.provision(contract)).result()


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
