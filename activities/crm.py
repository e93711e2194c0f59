"""Side effects on customer relationship management: the deal is told what became of it. Each one is safe to run twice."""

from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.ports import Crm, CrmUpdate, Engagements, Expectations
from activities.step import Asked, Bookkeeping, Step
from activities.systems import Systems
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.expectation import activation_key
from canonical.written import Written


class Tell(BaseModel):
    """What to write on the deal; ``occasion`` is what happened, once per business key: active, waiting, withdrawn."""

    step: Step
    occasion: EngagementStatus
    note: str = ""


@dataclass(frozen=True)
class CrmActivities:
    """Write-back to the deal, and the board with it."""

    systems: Systems
    books: Bookkeeping
    engagements: Engagements
    expectations: Expectations

    @activity.defn
    async def tell_deal(self, tell: Tell) -> Written:
        """Status, note and ids on the deal; the projection says the same from then on."""
        step, contract = tell.step, (await self.books.dossier(tell.step.dossier)).contract
        crm = self.systems.get(step.system, Crm)
        update = CrmUpdate(
            contract=contract.reference,
            deal_id=contract.deal_id,
            status=tell.occasion.value,
            note=tell.note,
            project_id=step.targets.get("psa_project", ""),
            erp_project_id=step.targets.get("erp_project", ""),
            customer_id=step.targets.get("customer", ""),
            workspace_url=step.targets.get("workspace_url", ""),
        )
        asked = Asked.of(step, crm, verb="tell", kind="deal", reference=contract.reference, declared_as="write_back")
        key = f"{asked.key}/{contract.version}.{tell.occasion.value}"
        asked = Asked(crm, asked.write.model_copy(update={"key": key, "kind": f"deal_{tell.occasion.value}"}), "write_back")
        written = await self.books.once(
            asked,
            request=update,
            call=partial(crm.write_back, update, key=key),
            look_up=partial(crm.find_write_back, update, key=key),
        )
        await self._project(tell, contract.reference, contract.version)
        return written

    async def _project(self, tell: Tell, contract: str, version: int) -> None:
        await self.engagements.update(
            EngagementRow(reference=contract, status=tell.occasion, note=tell.note, targets=tell.step.targets)
        )
        if tell.occasion is EngagementStatus.ACTIVE:
            await self.expectations.meet([activation_key(contract, version)])
