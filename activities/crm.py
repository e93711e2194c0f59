"""Side effects on customer relationship management: the deal is told what became of it. Each one is safe to run twice."""

from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.books import Writes
from activities.engagement import Board
from activities.ports import Crm, CrmUpdate
from activities.systems import Systems
from canonical.engagement import EngagementStatus
from canonical.money import Money
from canonical.provenance import Origin, Write
from canonical.reference import business_key
from canonical.written import Written


class Tell(BaseModel):
    """What to write on the deal; ``number`` counts what this contract version was told, so that each word is said once."""

    origin: Origin
    system: str
    contract: str
    version: int
    deal_id: str
    number: int
    occasion: EngagementStatus
    note: str = ""
    targets: dict[str, str] = {}
    left_out: Money | None = None


@dataclass(frozen=True)
class CrmActivities:
    """Write-back to the deal, and the board with it."""

    systems: Systems
    writes: Writes
    board: Board

    @activity.defn
    async def tell_deal(self, tell: Tell) -> Written:
        """Status, note and ids on the deal; the board says the same from then on."""
        crm = self.systems.get(tell.system, Crm)
        key = business_key("tell_deal", tell.contract, f"{tell.version}.{tell.number}")
        update = CrmUpdate(
            contract=tell.contract,
            deal_id=tell.deal_id,
            status=tell.occasion.value,
            note=tell.note,
            project_id=tell.targets.get("psa_project", ""),
            erp_project_id=tell.targets.get("erp_project", ""),
            customer_id=tell.targets.get("customer", ""),
            workspace_url=tell.targets.get("workspace_url", ""),
        )
        reference = f"{tell.contract}.{tell.version}.{tell.number}"
        written = await self.writes.once(
            Write(key=key, kind="deal_note", reference=reference, system=crm.name, origin=tell.origin),
            request=update,
            call=partial(crm.write_back, update, key=key),
            look_up=partial(crm.find_write_back, update, key=key),
            declared=crm.declares("write_back"),
        )
        said = tell.model_dump(include={"note", "targets", "version"})
        await self.board.reached(tell.origin, tell.occasion, left_out=tell.left_out, **said)
        return written
