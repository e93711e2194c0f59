"""The engagement's own books: planned revenue, checkpoints on the board, steps that nobody serves. Each is safe to run twice."""

from dataclasses import dataclass

from pydantic import BaseModel
from temporalio import activity

from activities.books import Audit, Clock, Engagements, Expectations, Inbox, Plans
from activities.step import Bookkeeping, Step, Undo
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.expectation import activation_key
from canonical.money import Money
from canonical.provenance import Entry, Origin


class Checkpoint(BaseModel):
    """A business status the engagement has reached."""

    origin: Origin
    status: EngagementStatus
    version: int = 0
    note: str = ""
    targets: dict[str, str] = {}
    left_out: Money | None = None


@dataclass(frozen=True)
class Board:
    """The projection and the expectations, moved together with what was done."""

    engagements: Engagements
    expectations: Expectations
    audit: Audit
    inbox: Inbox
    clock: Clock

    async def reached(
        self,
        origin: Origin,
        status: EngagementStatus,
        *,
        note: str,
        targets: dict[str, str],
        version: int,
        left_out: Money | None = None,
    ) -> None:
        """Show the status on the board and in the trail; an active project meets what was expected of its contract."""
        now = await self.clock.now()
        is_active = status in {EngagementStatus.ACTIVE, EngagementStatus.PARTLY_ACTIVE}
        row = EngagementRow(reference=origin.engagement, status=status, note=note, targets=targets or None, left_out=left_out)
        await self.engagements.update(row.model_copy(update={"activated_at": now}) if is_active else row)
        entry = Entry(
            action="checkpoint",
            origin=origin,
            kind="engagement",
            source_id=origin.engagement,
            outcome=status.value,
            details={"note": note},
        )
        await self.audit.note([entry])
        if is_active:
            await self.inbox.unpark_of(origin.engagement)  # what was accepted before it was active
        if is_active or status is EngagementStatus.WITHDRAWN:
            await self.expectations.meet([activation_key(origin.engagement, version)])


@dataclass(frozen=True)
class EngagementActivities:
    """What the ledger holds of an engagement besides effects."""

    books: Bookkeeping
    plans: Plans
    board: Board

    @activity.defn
    async def plan_revenue(self, step: Step) -> None:
        """Keep the planned revenue schedule of the contract (R49)."""
        dossier = await self.books.dossier(step.dossier)
        await self.plans.plan_revenue(dossier.revenue, version=dossier.contract.version, origin=step.origin)

    @activity.defn
    async def extend_revenue_plan(self, step: Step) -> None:
        """A workstream that joins later is planned as well (S14)."""
        dossier = await self.books.dossier(step.dossier)
        await self.plans.extend(dossier.revenue, version=dossier.contract.version, origin=step.origin)

    @activity.defn
    async def withdraw_revenue_lines(self, undo: Undo) -> None:
        """Undo extend_revenue_plan."""
        dossier = await self.books.dossier(undo.step.dossier)
        await self.plans.withdraw_lines(dossier.revenue, version=dossier.contract.version, origin=undo.step.origin)

    @activity.defn
    async def withdraw_revenue_plan(self, undo: Undo) -> None:
        """Undo plan_revenue."""
        dossier = await self.books.dossier(undo.step.dossier)
        await self.plans.withdraw(dossier.revenue.reference, version=dossier.contract.version, origin=undo.step.origin)

    @activity.defn
    async def reach(self, checkpoint: Checkpoint) -> None:
        """Show a status that no other activity shows."""
        said = checkpoint.model_dump(include={"note", "targets", "version"})
        await self.board.reached(checkpoint.origin, checkpoint.status, left_out=checkpoint.left_out, **said)
