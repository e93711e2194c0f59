"""Side effects on the billing system. Each one is safe to run twice."""

from dataclasses import dataclass
from functools import partial

from temporalio import activity

from activities.ports import Billing
from activities.step import Asked, Bookkeeping, Reversal, Step, Undo, Undone
from activities.systems import Systems
from canonical.written import Written


@dataclass(frozen=True)
class BillingActivities:
    """Billing schedules and rules."""

    systems: Systems
    books: Bookkeeping

    @activity.defn
    async def create_schedule(self, step: Step) -> Written:
        """What is billed when, and how time is charged (R48)."""
        billing, schedule = self.systems.get(step.system, Billing), (await self.books.dossier(step.dossier)).schedule
        asked = _schedule(step, billing, schedule.project)
        return await self.books.once(
            asked,
            request=schedule,
            call=partial(billing.create_schedule, schedule, step.targets.get("erp_project", ""), key=asked.key),
            look_up=partial(billing.find_schedule, schedule.reference, key=asked.key),
        )

    @activity.defn
    async def cancel_schedule(self, undo: Undo) -> Undone:
        """Undo create_schedule."""
        billing, schedule = self.systems.get(undo.step.system, Billing), (await self.books.dossier(undo.step.dossier)).schedule
        asked = _schedule(undo.step, billing, schedule.project)
        find = partial(billing.find_schedule, schedule.reference, key=asked.key)
        cancel = Reversal("cancel", lambda target, reason, key: billing.cancel_schedule(target, reason, key=key))
        unfinished = partial(billing.cancel_unfinished, schedule, undo.reason, key=asked.key)
        return await self.books.undo(asked, undo.reason, find=find, reversal=cancel, unfinished=unfinished)


def _schedule(step: Step, billing: Billing, project: str) -> Asked:
    return Asked.of(step, billing, verb="create", kind="schedule", reference=project, declared_as="schedule")
