"""What each system holds of a contract, in a line for each record that people would look for."""

from rehearsal.record import Holding, Record
from rehearsal.systems.registry import KNOWN
from rehearsal.vendors import Vendors


async def holdings(vendors: Vendors, records: list[Record], contract: str) -> list[Holding]:
    """Every one, in the order of the chain."""
    mine = [record for record in records if record.contract == contract]
    return [one for name, vendor in vendors.by_name.items() for one in KNOWN[name].shown(contract, mine, await vendor.state())]
