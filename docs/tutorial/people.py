"""Plays the people of the tutorial in the simulated systems: sales wins deals, customers sign, accounts are corrected.

    python -m docs.tutorial.people sell
    python -m docs.tutorial.people sign C-100
    python -m docs.tutorial.people tax-number C-101 12-3456789

It speaks to the simulated vendors only, never to Handoff: what Handoff learns, it learns as it would from the real ones.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from policies.reading import read
from rehearsal.systems.docusign import envelope_id
from rehearsal.systems.registry import SYSTEMS
from rehearsal.vendors import Vendors
from rehearsal.world import World
from runtime.embedded.record import Record

DEALS = Path(__file__).with_name("first-deals.yaml")


async def sell(vendors: Vendors, world: World) -> str:
    """The deals with their quotes are won in Salesforce, and their contracts are out for signature in DocuSign."""
    seeds = world.seeds()
    for name, vendor in vendors.by_name.items():
        await vendor.seed(seeds[name])
    return "\n".join(f"{contract}: {deal.title}, {deal.value:,.2f} {deal.currency}" for contract, deal in world.deals.items())


async def sign(vendors: Vendors, world: World, contract: str) -> str:
    """Everybody signs; DocuSign Connect tells Handoff."""
    await vendors["docusign"].post(f"envelopes/{envelope_id(contract)}/sign", {})
    return f"{contract} is signed by everybody"


async def tax_number(vendors: Vendors, world: World, contract: str, number: str) -> str:
    """Somebody enters the customer's tax number on the account in Salesforce."""
    customer = world.deals[contract].customer
    await vendors["salesforce"].seed({"_change": {"Account": {f"account {customer.number}": {"Tax_Number__c": number}}}})
    return f"{customer.name} has the tax number {number}"


VERBS: dict[str, Callable[..., Awaitable[str]]] = {"sell": sell, "sign": sign, "tax-number": tax_number}


async def main(verb: str, *words: str) -> None:
    """Do it in the stack that runs in this folder."""
    record = Record.of_running(Path(os.environ.get("HANDOFF_HOME") or ".handoff"))
    if record is None:
        sys.exit("No stack runs here; start one with `handoff up`.")
    world = World.model_validate(read(DEALS, str(DEALS)).content)
    async with Vendors({name: record.addresses[name] for name in SYSTEMS}) as vendors:
        print(await VERBS[verb](vendors, world, *words))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
