"""Deals as reconciliation compares them with contracts."""

from collections.abc import AsyncIterator, Callable, Sequence

from canonical.errors import Misconfigured
from canonical.quote import Deal, DealStage
from canonical.reconciliation import Listed, Sought, Thing
from connectors.salesforce import soql
from connectors.salesforce.org import Org

_AT_ONCE = 100
Read = Callable[[str], AsyncIterator[Sequence[Deal]]]


async def listed(org: Org, thing: Thing, contract_field: str, read: Read) -> AsyncIterator[Sequence[Listed]]:
    """Every deal that names a contract, a page at a time; what is not won yet is told with its stage."""
    if thing is not Thing.CONTRACT:
        raise Misconfigured(f"{org.system} lists no {thing}", remedy="Compare it with another system.")
    async for deals in read(f"{contract_field} != null"):
        yield [_listed(deal) for deal in deals if deal.contract]


async def listed_again(
    org: Org, thing: Thing, contract_field: str, read: Read, sought: Sequence[Sought]
) -> AsyncIterator[Sequence[Listed]]:
    """The deals of these contracts."""
    if thing is not Thing.CONTRACT:
        raise Misconfigured(f"{org.system} lists no {thing}", remedy="Compare it with another system.")
    for start in range(0, len(sought), _AT_ONCE):
        names = ", ".join(soql.quoted(one.reference) for one in sought[start : start + _AT_ONCE])
        async for deals in read(f"{contract_field} IN ({names})"):
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
