"""Deals as reconciliation compares them with contracts."""

from collections.abc import AsyncIterator, Callable, Sequence

from canonical.errors import Misconfigured
from canonical.quote import Deal, DealStage
from canonical.reconciliation import Listed, Thing
from connectors.salesforce.org import Org

Read = Callable[[str], AsyncIterator[Sequence[Deal]]]


async def listed(org: Org, thing: Thing, contract_field: str, read: Read) -> AsyncIterator[Sequence[Listed]]:
    """Every deal that names a contract, a page at a time; what is not won yet is told with its stage."""
    if thing is not Thing.CONTRACT:
        raise Misconfigured(f"{org.system} lists no {thing}", remedy="Compare it with another system.")
    async for deals in read(f"{contract_field} != null"):
        yield [_listed(deal) for deal in deals if deal.contract]


def _listed(deal: Deal) -> Listed:
    is_won = deal.stage is DealStage.WON
    return Listed(
        target_id=deal.target_id,
        reference=deal.contract or "",
        kind="contract",
        amount=deal.amount.amount if deal.amount else None,
        currency=deal.amount.currency if deal.amount else "",
        state="" if is_won else deal.stage.value,
        counts=is_won,
        project=deal.contract or "",
        about=deal.entity,
        version=deal.version,
    )
