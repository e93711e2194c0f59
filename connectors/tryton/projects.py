"""Project accounting: the project with its phases and tasks in one tree, and taking it back."""

from collections.abc import Sequence

from canonical.errors import Conflict, NotFound
from canonical.project import Phase, Project, ProjectRecord, ProjectState
from canonical.written import Written
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.mapping import OURS, is_marked_work, phase_values, project_values, task_values, work_reference
from connectors.tryton.schemas import WorkShape
from connectors.tryton.wire import identity

WORK = "project.work"


class ProjectLedger:
    """Satisfies ``ProjectAccounting``. Tryton gives the number; our references stand in the first line of each comment."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database, self._directory = database, directory

    async def create_project(self, project: Project, customer_id: str, *, key: str) -> Written:
        """In one transaction: there is no half-made project."""
        company = await self._directory.company(project.entity)
        found = await self._of_reference(project.reference)
        if found and not is_marked_work(found.comment, key):
            said = f"{self._database.system} has the project {project.reference} already"
            raise Conflict(said, evidence={"project": found.id, "number": found.number})
        if found is None:
            values = project_values(project, company=company.id, party=identity(customer_id), key=key)
            found = await self._read(await self._database.create(WORK, values, company=company.id))
        return self._written(found)

    async def find_project(self, reference: str, *, key: str) -> Written | None:
        """By the comment."""
        found = await self._of_reference(reference)
        return self._written(found) if found else None

    async def add_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written:
        """What is missing of these phases and their tasks; what is there already is left as it is."""
        project = await self._read(project_id)
        reference, _ = work_reference(project.comment)
        there = await self._parts(reference)
        for phase in phases:
            if phase.reference not in there:
                values = phase_values(phase, reference, company=project.company, key=key)
                await self._database.create(WORK, {**values, "parent": project.id}, company=project.company)
                continue
            for task in (task for task in phase.tasks if task.reference not in there):
                values = task_values(task, reference, company=project.company, key=key)
                await self._database.create(WORK, {**values, "parent": there[phase.reference].id}, company=project.company)
        return self._phases_written(project, await self._parts(reference), phases)

    async def find_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written | None:
        """Only if every phase and task is there."""
        project = await self._read(project_id)
        there = await self._parts(work_reference(project.comment)[0])
        wanted = {phase.reference for phase in phases} | {task.reference for phase in phases for task in phase.tasks}
        return None if wanted - there.keys() else self._phases_written(project, there, phases)

    async def withdraw_unfinished(self, reference: str, reason: str, *, key: str) -> Written | None:
        """What bears the reference, whole or not; none where there is none."""
        found = await self._of_reference(reference)
        return await self.withdraw_project(str(found.id), reason, key=key) if found else None

    async def withdraw_project(self, project_id: str, reason: str, *, key: str) -> Written:
        """Marked withdrawn, with everything below it: what was recorded on it stays for the auditors."""
        found = await self._database.find(WORK, WorkShape, ["id", "=", identity(project_id)])
        if not found:
            return Written(target_id=project_id, details={"withdrawn": "it does not exist"})
        status = await self._directory.status(self._database.settings.withdrawn_status)
        parts = await self._parts(work_reference(found[0].comment)[0])
        for work in [*parts.values(), found[0]]:
            if work.status != status:
                comment = f"{work.comment}\nwithdrawn: {reason}"
                await self._database.write(WORK, work.id, {"status": status, "comment": comment}, company=work.company)
        return self._written(found[0])

    async def read_project(self, project_id: str) -> ProjectRecord:
        """The project as Tryton has it now; it knows no value of a project, so none is said."""
        found = await self._read(project_id)
        reference, _ = work_reference(found.comment)
        parts = await self._parts(reference)
        return ProjectRecord(
            target_id=str(found.id),
            reference=reference,
            title=found.name,
            state=await self._state(found),
            phases=tuple(name for name, part in parts.items() if part.parent == found.id),
            tasks=tuple(name for name, part in parts.items() if part.parent != found.id),
            url=self._database.page(WORK, found.id),
        )

    async def _state(self, found: WorkShape) -> ProjectState:
        if found.status == await self._directory.status(self._database.settings.withdrawn_status):
            return ProjectState.ARCHIVED
        return ProjectState.COMPLETED if found.stage.progress == 1 else ProjectState.ACTIVE

    async def _read(self, project_id: int | str) -> WorkShape:
        found = await self._database.read(WORK, project_id, WorkShape)
        if found.type != "project":
            remedy = "Look for the project in Tryton; settle with its id, or reject."
            raise NotFound(f"{self._database.system} has no project {project_id}", remedy=remedy)
        return found

    async def _of_reference(self, reference: str) -> WorkShape | None:
        found = await self._commented(f"{OURS}{reference} ", "project")
        return next((work for work in found if work_reference(work.comment) == (reference, "")), None)

    async def _parts(self, project: str) -> dict[str, WorkShape]:
        """Phases and tasks by our reference, in the order in which they were made."""
        named = ((work, *work_reference(work.comment)) for work in await self._commented(f"{OURS}{project}:", "task"))
        return {part: work for work, of, part in named if of == project and part}

    async def _commented(self, beginning: str, kind: str) -> list[WorkShape]:
        """The search knows wildcards, and '_' is one of them: who asks compares again."""
        return await self._database.find(WORK, WorkShape, ["comment", "like", f"{beginning}%"], ["type", "=", kind])

    def _phases_written(self, project: WorkShape, parts: dict[str, WorkShape], phases: Sequence[Phase]) -> Written:
        """Named for the first of them: a project gets several rounds of phases, and each is a record of its own."""
        return self._written(parts[phases[0].reference] if phases else project).changed(details=_named(phases))

    def _written(self, found: WorkShape) -> Written:
        return Written(target_id=str(found.id), number=found.number or "", url=self._database.page(WORK, found.id))


def _named(phases: Sequence[Phase]) -> dict[str, str]:
    return {"phases": ", ".join(phase.reference for phase in phases)}
