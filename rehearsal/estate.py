"""What the vendors hold, as records with our references: read from their states, not through our connectors."""

from collections.abc import Iterable

from rehearsal.record import Record
from rehearsal.systems.registry import KNOWN
from rehearsal.vendors import Vendors


async def estate(vendors: Vendors) -> list[Record]:
    """Every record that could be of our making, in all systems."""
    return [record for name, vendor in vendors.by_name.items() for record in KNOWN[name].records(await vendor.state())]


def doubles(records: Iterable[Record]) -> dict[tuple[str, str, str], list[str]]:
    """Business keys that more than one live record bears in one system (U2)."""
    seen: dict[tuple[str, str, str], list[str]] = {}
    for record in records:
        if record.live and record.reference:
            seen.setdefault((record.system, record.kind, record.reference), []).append(record.id)
    return {key: ids for key, ids in seen.items() if len(ids) > 1}
