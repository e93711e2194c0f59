"""Side effects on the ERP's financial project structure. Each one is safe to run twice."""

from dataclasses import dataclass
from functools import partial

from temporalio import activity

from activities.ports import ProjectAccounting
from activities.step import Asked, Bookkeeping, Reversal, Step, Undo, Undone
from activities.systems import Systems
from canonical.written import Written


@dataclass(frozen=True)
class ProjectAccountingActivities:
    """The project as finance sees it."""

    systems: Systems
    books: Bookkeeping

    @activity.defn
    async def create_erp_project(self, step: Step) -> Written:
        """The ERP project with its dimensions, under the customer that the step before made or found (R46, R69)."""
        erp, project = self.systems.get(step.system, ProjectAccounting), (await self.books.dossier(step.dossier)).project
        asked = _project(step, erp, project.reference)
        return await self.books.once(
            asked,
            request=project,
            call=partial(erp.create_project, project, step.targets["customer"], key=asked.key),
            look_up=partial(erp.find_project, project.reference, key=asked.key),
        )

    @activity.defn
    async def withdraw_erp_project(self, undo: Undo) -> Undone:
        """Undo create_erp_project."""
        erp, project = (
            self.systems.get(undo.step.system, ProjectAccounting),
            (await self.books.dossier(undo.step.dossier)).project,
        )
        asked = _project(undo.step, erp, project.reference)
        find = partial(erp.find_project, project.reference, key=asked.key)
        withdraw = Reversal("withdraw", lambda target, reason, key: erp.withdraw_project(target, reason, key=key))
        unfinished = partial(erp.withdraw_unfinished, project.reference, undo.reason, key=asked.key)
        return await self.books.undo(asked, undo.reason, find=find, reversal=withdraw, unfinished=unfinished)

    @activity.defn
    async def add_erp_phases(self, step: Step) -> Written:
        """The phases of a workstream that had to wait (S14)."""
        erp, project = self.systems.get(step.system, ProjectAccounting), (await self.books.dossier(step.dossier)).project
        asked = Asked.of(step, erp, verb="add", kind="erp_phases", reference=project.reference, declared_as="phases")
        to, phases = step.targets["erp_project"], project.phases
        return await self.books.once(
            asked,
            request=project,
            call=partial(erp.add_phases, to, phases, key=asked.key),
            look_up=partial(erp.find_phases, to, phases, key=asked.key),
        )


def _project(step: Step, erp: ProjectAccounting, reference: str) -> Asked:
    return Asked.of(step, erp, verb="create", kind="erp_project", reference=reference, declared_as="project")
