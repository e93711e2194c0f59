"""Changes by polling ``SystemModstamp``, for where outbound messages were lost or are not set up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from canonical.event import FactKind, InboundEvent
from connectors.salesforce import schemas, soql
from connectors.salesforce.org import Org
from connectors.salesforce.schemas import ChangeRow
from connectors.salesforce.settings import Settings

OBJECT_KINDS = {"Opportunity": "deal", "Contract": "contract", "SBQQ__Quote__c": "quote", "Account": "account"}
ACTIVATED = "Activated"


@dataclass(frozen=True)
class Watched:
    """An object whose changes are asked for; ``contract`` is the field (or path) of our reference."""

    object: str
    own: tuple[str, ...]
    contract: str


def watched(settings: Settings) -> tuple[Watched, ...]:
    """Deals and contract records."""
    return (
        Watched("Opportunity", ("IsWon",), settings.deal_fields.contract),
        Watched("Contract", ("Status",), settings.contract_record_field),
    )


async def changes(org: Org, settings: Settings, since: datetime, until: datetime) -> AsyncIterator[InboundEvent]:
    """Records stamped in the window, oldest first. It begins earlier than asked: a stamp is set when a change is saved, but the
    record shows it only once its transaction is through, which may be minutes later."""
    begin, end = soql.moment(since - settings.poll_overlap), soql.moment(until)
    where = f"SystemModstamp >= {begin} AND SystemModstamp < {end}"
    found = await asyncio.gather(*(_of(org, one, where) for one in watched(settings)))
    for event in sorted(
        (event for events in found for event in events), key=lambda event: (event.object_version, event.event_id)
    ):
        yield event


async def _of(org: Org, one: Watched, where: str) -> list[InboundEvent]:
    fields = ("Id", "SystemModstamp", *one.own, one.contract)
    rows = await org.query(soql.select(fields, one.object, where, order="SystemModstamp, Id"))
    read = (schemas.read(org.system, ChangeRow, row, {"contract": one.contract}) for row in rows)
    return [to_event(org.system, one.object, row) for row in read]


def to_event(system: str, object_name: str, row: ChangeRow) -> InboundEvent:
    """The same change polled twice is one event: its id is made of the record and its stamp."""
    return InboundEvent(
        source=system,
        event_id=f"{object_name}/{row.id}/{row.version}",
        kind=kind_of(object_name, is_won=row.is_won, status=row.status),
        object_kind=OBJECT_KINDS.get(object_name, object_name),
        object_id=row.id,
        object_version=row.version,
        contract=row.contract,
        occurred_at=row.changed,
    )


def kind_of(object_name: str, *, is_won: bool, status: str | None) -> FactKind:
    """What a record's state says happened."""
    if object_name == "Opportunity" and is_won:
        return FactKind.DEAL_WON
    if object_name == "Contract" and status == ACTIVATED:
        return FactKind.CONTRACT_EXECUTED
    return FactKind.RECORD_CHANGED
