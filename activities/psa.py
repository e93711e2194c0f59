"""Side effects on professional services automation. Each one is safe to run twice."""

from dataclasses import dataclass
from functools import partial

from temporalio import activity

from activities.ports import Psa
from activities.step import Asked, Bookkeeping, Reversal, Step, Undo, Undone
from activities.systems import Systems
from canonical.project import ProjectState
from canonical.written import Written


@dataclass(frozen=True)
class PsaActivities:
    """The project as the delivery people see it."""

    systems: Systems
    books: Bookkeeping

    @activity.defn
    async def create_psa_project(self, step: Step) -> Written:
        """The project with its phases, tasks and milestones, closed for time until it is activated (R46, R53)."""
        psa, project = self.systems.get(step.system, Psa), (await self.books.dossier(step.dossier)).project
        asked = _project(step, psa, project.reference)
        return await self.books.once(
            asked,
            request=project,
            call=partial(psa.create_project, project, key=asked.key),
            look_up=partial(psa.find_project, project.reference, key=asked.key),
        )

    @activity.defn
    async def archive_psa_project(self, undo: Undo) -> Undone:
        """Undo create_psa_project."""
        psa, project = self.systems.get(undo.step.system, Psa), (await self.books.dossier(undo.step.dossier)).project
        asked = _project(undo.step, psa, project.reference)
        find = partial(psa.find_project, project.reference, key=asked.key)
        archive = Reversal("archive", lambda target, reason, key: psa.archive_project(target, reason, key=key))
        unfinished = partial(psa.archive_unfinished, project.reference, undo.reason, key=asked.key)
        undone = await self.books.undo(asked, undo.reason, find=find, reversal=archive, unfinished=unfinished)
        for inside in (_staffing(undo.step, psa, project.reference), _activation(undo.step, psa, project.reference)):
            await self.books.goes_with_it(inside, undo.reason)
        return undone

    @activity.defn
    async def add_psa_phases(self, step: Step) -> Written:
        """The phases of a workstream that had to wait (S14)."""
        psa, project = self.systems.get(step.system, Psa), (await self.books.dossier(step.dossier)).project
        asked = Asked.of(step, psa, verb="add", kind="psa_phases", reference=project.reference, declared_as="phases")
        to, phases = step.targets["psa_project"], project.phases
        return await self.books.once(
            asked,
            request=project,
            call=partial(psa.add_phases, to, phases, key=asked.key),
            look_up=partial(psa.find_phases, to, phases, key=asked.key),
        )

    @activity.defn
    async def request_staffing(self, step: Step) -> Written:
        """Tell resource management which roles are wanted when (R50)."""
        psa, project = self.systems.get(step.system, Psa), (await self.books.dossier(step.dossier)).project
        asked = _staffing(step, psa, project.reference)
        to, needs = step.targets["psa_project"], project.staffing
        return await self.books.once(
            asked,
            request={"project": to, "needs": [need.model_dump() for need in needs]},
            call=partial(psa.request_staffing, to, needs, key=asked.key),
            look_up=partial(psa.find_staffing, to, needs, key=asked.key),
        )

    @activity.defn
    async def activate_psa_project(self, step: Step) -> Written:
        """Open the project for time: the last step before the deal is told."""
        psa, project = self.systems.get(step.system, Psa), (await self.books.dossier(step.dossier)).project
        asked, to = _activation(step, psa, project.reference), step.targets["psa_project"]
        return await self.books.once(
            asked,
            request={"project": to},
            call=partial(psa.activate_project, to, key=asked.key),
            look_up=partial(_active, psa, to),
        )


def _project(step: Step, psa: Psa, reference: str) -> Asked:
    return Asked.of(step, psa, verb="create", kind="psa_project", reference=reference, declared_as="project")


def _staffing(step: Step, psa: Psa, reference: str) -> Asked:
    return Asked.of(step, psa, verb="request", kind="staffing", reference=reference, declared_as="staffing")


def _activation(step: Step, psa: Psa, reference: str) -> Asked:
    asked = Asked.of(step, psa, verb="activate", kind="psa_project", reference=reference, declared_as="activation")
    return Asked(psa, asked.write.model_copy(update={"kind": "psa_activation"}), "activation")


async def _active(psa: Psa, project_id: str) -> Written | None:
    record = await psa.read_project(project_id)
    return Written(target_id=project_id, url=record.url) if record.state is ProjectState.ACTIVE else None
