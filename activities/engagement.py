"""The engagement's own books: planned revenue, checkpoints on the board, steps that nobody serves. Each is safe to run twice."""

from dataclasses import dataclass

from pydantic import BaseModel
from temporalio import activity

from activities.ports import Audit, Clock, Engagements, Expectations, Plans
from activities.step import Bookkeeping, Step, Undo
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.expectation import activation_key
from canonical.provenance import Entry, Origin


class Checkpoint(BaseModel):
    """A business status the engagement has reached."""

    origin: Origin
    status: EngagementStatus
    note: str = ""
    targets: dict[str, str] | None = None
    not_served: list[str] = []
    meets: list[str] = []


@dataclass(frozen=True)
class EngagementActivities:
    """What the ledger holds of an engagement besides effects."""

    books: Bookkeeping
    plans: Plans
    engagements: Engagements
    expectations: Expectations
    audit: Audit
    clock: Clock

    @activity.defn
    async def plan_revenue(self, step: Step) -> None:
        """Keep the planned revenue schedule of the contract (R49)."""
        dossier = await self.books.dossier(step.dossier)
        await self.plans.plan_revenue(dossier.revenue, version=dossier.contract.version, origin=step.origin)

    @activity.defn
    async def withdraw_revenue_plan(self, undo: Undo) -> None:
        """Undo plan_revenue."""
        dossier = await self.books.dossier(undo.step.dossier)
        await self.plans.withdraw(dossier.revenue.reference, version=dossier.contract.version, origin=undo.step.origin)

    @activity.defn
    async def reach(self, checkpoint: Checkpoint) -> None:
        """Show the status on the board and in the trail; steps that no system serves are named, never passed over in silence."""
        origin, now = checkpoint.origin, await self.clock.now()
        is_active = checkpoint.status in {EngagementStatus.ACTIVE, EngagementStatus.PARTLY_ACTIVE}
        await self.engagements.update(
            EngagementRow(
                reference=origin.engagement,
                status=checkpoint.status,
                note=checkpoint.note,
                targets=checkpoint.targets,
                activated_at=now if is_active else None,
            )
        )
        entries = [
            Entry(action=f"step {capability}", origin=origin, kind=capability, source_id=origin.engagement, outcome="not served")
            for capability in checkpoint.not_served
        ]
        entries.append(
            Entry(
                action="checkpoint",
                origin=origin,
                kind="engagement",
                source_id=origin.engagement,
                outcome=checkpoint.status.value,
            )
        )
        await self.audit.note(entries)
        if checkpoint.meets:
            await self.expectations.meet(checkpoint.meets)


def met_by_activation(contract: str, version: int) -> list[str]:
    """What an active project fulfils."""
    return [activation_key(contract, version)]
