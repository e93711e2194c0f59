"""Project accounting: the project, its phases as summary tasks, its tasks below them, and taking all of it back."""

from collections.abc import Sequence
from functools import partial

from canonical.errors import Conflict, NotFound, Rejected
from canonical.money import Money
from canonical.project import Phase, Project, ProjectRecord
from canonical.written import Written
from connectors.http import Json
from connectors.netsuite.account import Account, together
from connectors.netsuite.collection import upsert_all
from connectors.netsuite.directory import Directory
from connectors.netsuite.mapping import marked, milestone_of, phase_bodies, project_body, project_state, task_bodies, task_id
from connectors.netsuite.refusals import RULES
from connectors.netsuite.schemas import JobShape, ScheduleShape
from connectors.netsuite.wire import external_id, reference_of

_PAGE = "/app/common/entity/custjob.nl?id="


class ProjectLedger:
    """Satisfies ``ProjectAccounting``."""

    def __init__(self, account: Account, directory: Directory) -> None:
        self._account, self._directory = account, directory

    async def create_project(self, project: Project, customer_id: str, *, key: str) -> Written:
        """The project is pending until every phase and task is there; a half-made one of the same key is completed."""
        body = project_body(
            project, customer_id, settings=self._account.settings, subsidiary=self._directory.subsidiary(project.entity), key=key
        )
        target_id, is_new = await self._started(project.reference, body, key)
        await self._complete(target_id, project.reference, project.phases, key=key, is_new=is_new)
        await self._account.change("job", target_id, {"entityStatus": {"id": self._account.settings.statuses.open}})
        return self._written(target_id, project.reference)

    async def find_project(self, reference: str, *, key: str) -> Written | None:
        """By external id; one that is still pending was not finished."""
        found = await self._find(reference)
        if found is None or self._is_pending(found):
            return None
        return self._written(found.id, reference, number=found.entity_id)

    async def add_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written:
        """Phases and their tasks below a project that is there."""
        project = await self._project(project_id)
        reference = reference_of(project.external_id)
        await self._complete(project_id, reference, phases, key=key, is_new=False)
        return _phases_written(project_id, reference, phases)

    async def find_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written | None:
        """Only if every phase and task is there."""
        project = reference_of((await self._project(project_id)).external_id)
        references = [phase.reference for phase in phases] + [task.reference for phase in phases for task in phase.tasks]
        wanted = [task_id(project, reference) for reference in references]
        if set(wanted) - await self._account.existing("projectTask", wanted):
            return None
        return _phases_written(project_id, project, phases)

    async def change_value(self, project_id: str, value: Money, *, key: str) -> Written:
        """The project price; NetSuite keeps a trail of who changed it."""
        found = await self._project(project_id)
        if found.price != value.amount:
            await self._account.change("job", project_id, {"jobPrice": value.amount})
        return self._written(project_id, reference_of(found.external_id), number=found.entity_id)

    async def withdraw_project(self, project_id: str, reason: str, *, key: str) -> Written:
        """Closed and inactive: what was recorded on it stays for the auditors; one that is gone counts as withdrawn."""
        found = await self._account.find("job", project_id, JobShape)
        if found is None:
            return Written(target_id=project_id, details={"withdrawn": "it does not exist"})
        closed = {"id": self._account.settings.statuses.closed}
        if not found.is_inactive:
            body = {"isInactive": True, "entityStatus": closed, "comments": marked(key, reason)}
            await self._account.change("job", project_id, body)
        return self._written(project_id, reference_of(found.external_id), number=found.entity_id)

    async def withdraw_unfinished(self, reference: str, reason: str, *, key: str) -> Written | None:
        """A project that is still pending counts as absent when it is looked for, and must not stay."""
        found = await self._find(reference)
        if found is None or found.is_inactive:
            return None
        return await self.withdraw_project(found.id, reason, key=key)

    async def read_project(self, project_id: str) -> ProjectRecord:
        """The project as NetSuite has it now, with its tasks and what its billing schedule holds."""
        found = await self._project(project_id)
        reference = reference_of(found.external_id)
        phases, tasks = await self._tasks(project_id, reference)
        currency = (await self._directory.currencies()).get(found.currency.id) if found.currency else None
        return ProjectRecord(
            target_id=found.id,
            reference=reference,
            title=found.company_name,
            state=project_state(found, self._account.settings),
            value=Money.of(found.price, currency) if currency and found.price is not None else None,
            phases=phases,
            tasks=tasks,
            milestones=await self._scheduled(found, currency) if currency else {},
            url=self._account.page(_PAGE, found.id),
        )

    async def _started(self, reference: str, body: Json, key: str) -> tuple[str, bool]:
        """The id of the project and whether this call made it."""
        try:
            made = await self._account.create("job", body)
        except Rejected as refused:
            if refused.evidence.get("vendor_code") != RULES:
                raise
            found = await self._find(reference)
            if found is None:
                raise
            return self._resumed(found, reference, key), False
        if made is None:
            made = (await self._account.read("job", f"eid:{external_id(reference)}", JobShape)).id
        return made, True

    def _resumed(self, found: JobShape, reference: str, key: str) -> str:
        if found.comments.partition("\n")[0] != marked(key) or not self._is_pending(found):
            raise Conflict(
                f"{self._account.system} has the project {reference} already",
                remedy="Adopt it if it is this contract's; otherwise give one of the two another external id.",
                evidence={"project": found.id, "comment": found.comments},
            )
        return found.id

    async def _complete(self, project_id: str, project: str, phases: Sequence[Phase], *, key: str, is_new: bool) -> None:
        """Phases first, since tasks name their phase; what is there already is left as it is."""
        for bodies in (phase_bodies(project_id, project, phases, key=key), task_bodies(project_id, project, phases, key=key)):
            there = set() if is_new or not bodies else await self._account.existing("projectTask", list(bodies))
            missing = {external: body for external, body in bodies.items() if external not in there}
            if missing:
                await upsert_all(self._account, "projectTask", missing, key=key)

    async def _tasks(self, project_id: str, project: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        query = f"SELECT externalid, parent FROM projecttask WHERE project = {int(project_id)} ORDER BY externalid"
        rows = [row async for row in self._account.query(query)]
        named = [
            (reference_of(str(row["externalid"])).removeprefix(f"{project}:"), "parent" in row)
            for row in rows
            if "externalid" in row
        ]
        return tuple(name for name, below in named if not below), tuple(name for name, below in named if below)

    async def _scheduled(self, found: JobShape, currency: str) -> dict[str, Money]:
        """The items of every active schedule of the project; the one it bills by is known before any search finds it."""
        active = f"job ANY_OF [{found.id}] AND isInactive IS false"
        keys = {key async for key in self._account.listed("billingSchedule", active)}
        keys |= {found.billing_schedule.id} if found.billing_schedule else set()
        find = partial(self._account.find, "billingSchedule", shape=ScheduleShape, expandSubResources="true")
        schedules = [schedule for schedule in await together(find(key=key) for key in sorted(keys, key=int)) if schedule]
        lines = [milestone_of(line) for schedule in schedules for line in schedule.milestone.items]
        return {reference: Money.of(amount, currency) for reference, amount in lines if reference}

    async def _project(self, project_id: str) -> JobShape:
        found = await self._account.find("job", project_id, JobShape)
        if found is None:
            raise NotFound(
                f"{self._account.system} has no project {project_id}",
                remedy="Look for the project in NetSuite; settle with its id, or reject.",
                evidence={"project": project_id},
            )
        return found

    async def _find(self, reference: str) -> JobShape | None:
        return await self._account.find("job", f"eid:{external_id(reference)}", JobShape)

    def _is_pending(self, found: JobShape) -> bool:
        return found.status.id == self._account.settings.statuses.pending

    def _written(self, target_id: str, reference: str, *, number: str = "") -> Written:
        return Written(target_id=target_id, number=number or reference, url=self._account.page(_PAGE, target_id))


def _phases_written(project_id: str, project: str, phases: Sequence[Phase]) -> Written:
    """Named for the first of them: a project gets several rounds of phases, and each is a record of its own."""
    target = f"eid:{task_id(project, phases[0].reference)}" if phases else project_id
    return Written(target_id=target, details={"phases": ", ".join(phase.reference for phase in phases)})
