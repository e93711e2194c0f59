"""Projects: made once with their reference in the same call, completed when half made, opened, archived, read back."""

import asyncio
from collections.abc import Sequence

from canonical.errors import Conflict, NotFound, Rejected
from canonical.money import Money
from canonical.project import Phase, Project, ProjectRecord, ProjectState
from canonical.written import Written
from connectors.kantata import mapping
from connectors.kantata.api import Api, Found
from connectors.kantata.groups import Groups
from connectors.kantata.mapping import PENDING, PROJECT, WHOLE
from connectors.kantata.schemas import Body, ExternalReference, Workspace
from connectors.kantata.settings import Settings
from connectors.kantata.structure import Held, Structure

_INCLUDED = {"include": "external_references", "include_archived": "true"}


class Projects:
    """The part of ``Psa`` that is about projects and what is inside them."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api, self._settings = api, settings
        self._structure = Structure(api, settings.service_name)
        self._groups = Groups(api, settings.service_name)

    async def create_project(self, project: Project, *, key: str) -> Written:
        """The whole project, however far an earlier call came.

        The reference is born pending with the workspace and becomes successful last: that mark tells whole from half made.
        """
        reference, unnamed, group = await asyncio.gather(
            self._reference(project.reference), self._unnamed(key), self._groups.of(project.customer, key=key)
        )
        workspace = (await self._workspace_of(reference) if reference else None) or unnamed
        if workspace and reference and reference.status == WHOLE and not workspace.archived:
            return self._written(workspace.id)
        if workspace is None:
            workspace, held = await self._create_workspace(project, group, key), Held()
        else:
            held = await self._taken_up(workspace, project, group, key)
        await self._structure.complete(project, workspace.id, held, key=key)
        await self._api.refer("Workspace", workspace.id, self._named(project.reference, key, WHOLE))
        return self._written(workspace.id)

    async def find_project(self, reference: str, *, key: str) -> Written | None:
        """The project if it is whole; archived or half made counts as absent."""
        known = await self._reference(reference)
        if known is None or known.status != WHOLE:
            return None
        workspace = await self._workspace_of(known)
        return None if workspace is None or workspace.archived else self._written(workspace.id)

    async def add_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written:
        """Phases with their tasks; those that are there stay as they are."""
        held = await self._structure.held(project_id)
        await self._structure.complete_phases(project_id, phases, held, key=key)
        return self._phases_written(project_id, phases, held)

    async def find_phases(self, project_id: str, phases: Sequence[Phase], *, key: str) -> Written | None:
        """The phases if all of them and all of their tasks are there."""
        held = await self._structure.held(project_id)
        return None if held.lacks(phases) else self._phases_written(project_id, phases, held)

    async def activate_project(self, project_id: str, *, key: str) -> Written:
        """Open for time. A project that its manager has moved on within the active colors keeps that status."""
        workspace = await self._show(project_id)
        body: Body = {"archived": False} if workspace.archived else {}
        if workspace.archived or mapping.state_of(workspace) is not ProjectState.ACTIVE:
            body["status_key"] = self._settings.active_status_key
        if self._settings.locks_time and not workspace.time_trackable:
            body["time_trackable"] = True
        if body:
            await self._api.update("workspaces", "workspace", project_id, body)
        return self._written(project_id)

    async def change_value(self, project_id: str, value: Money, *, key: str) -> Written:
        """The budget, and in the description the exact value; what else stands there stays."""
        workspace = await self._show(project_id)
        await self._api.update("workspaces", "workspace", project_id, mapping.value_body(workspace, value))
        return self._written(project_id)

    async def archive_project(self, project_id: str, reason: str, *, key: str) -> Written:
        """Archived, closed for time, with the reason in its description; one that is not there needs no archiving."""
        try:
            workspace = await self._show(project_id)
        except NotFound:
            return self._written(project_id)
        if not workspace.archived:
            told = "\n".join(filter(None, [workspace.description, f"Withdrawn: {reason}"]))
            closed = {"time_trackable": False} if self._settings.locks_time else {}
            await self._api.update("workspaces", "workspace", project_id, {"archived": True, "description": told, **closed})
        return self._written(project_id)

    async def read_project(self, project_id: str) -> ProjectRecord:
        """What the account says of the project now."""
        found = await self._api.show("workspaces", project_id, **_INCLUDED)
        workspace = self._only(found)
        held = await self._structure.held(project_id, is_archived=workspace.archived)
        own = mapping.own_reference(workspace, found.references, self._settings.service_name)
        return mapping.project_record(
            workspace,
            [(held.models[name], name) for name in held.stories],
            held.billed.items(),
            reference=own.service_model_ref if own else "",
            url=self._url(project_id),
        )

    async def archive_unfinished(self, reference: str, reason: str, *, key: str) -> Written | None:
        """The reverse of a create_project that failed for good on its way: whatever bears our reference is archived."""
        known = await self._reference(reference)
        return await self.archive_project(known.subject_id, reason, key=key) if known else None

    async def _create_workspace(self, project: Project, group: str, key: str) -> Workspace:
        body = self._body(project, group, key) | {"external_reference": self._named(project.reference, key, PENDING)}
        if project.currency in self._settings.rate_cards:
            body["rate_card_id"] = int(self._settings.rate_cards[project.currency])
        workspace = self._only(await self._api.create("workspaces", "workspace", body))
        self._same_currency(workspace, project)
        return workspace

    async def _taken_up(self, workspace: Workspace, project: Project, group: str, key: str) -> Held:
        """A project of an earlier try: named and opened again, told what is sold now; answers what it holds."""
        self._same_currency(workspace, project)
        await self._api.refer("Workspace", workspace.id, self._named(project.reference, key, PENDING))
        await self._api.update("workspaces", "workspace", workspace.id, self._body(project, group, key) | {"archived": False})
        return await self._structure.held(workspace.id)

    def _body(self, project: Project, group: str, key: str) -> Body:
        fields = self._settings.dimension_fields.items()
        return mapping.workspace_body(project, key=key, group_id=group, fields=fields) | self._not_yet_open()

    async def _reference(self, reference: str) -> ExternalReference | None:
        """Our reference there. Nothing in Kantata keeps two projects from bearing the same one, so that is refused here."""
        query = {"subject_type": "Workspace", "service_name": self._settings.service_name, "service_model": PROJECT}
        same = [r async for r in self._api.every("external_references", ExternalReference, service_model_ref=reference, **query)]
        own = {
            r.subject_id: r for r in same if r.service_model_ref == reference and r.service_name == self._settings.service_name
        }
        if len(own) > 1:
            raise Rejected(
                f"{self._api.name} holds {len(own)} projects for {reference}",
                remedy="Keep one: delete the external reference of the others there, archive them, then settle with retry.",
                evidence={"projects": ", ".join(sorted(own))},
                code="DUPLICATE_PROJECT",
            )
        return next(iter(own.values()), None)

    async def _workspace_of(self, reference: ExternalReference) -> Workspace | None:
        found = await self._api.every_referenced("workspaces", only=reference.subject_id, include_archived="true")
        return self._only(found) if found.records else None

    async def _unnamed(self, key: str) -> Workspace | None:
        """A project of ours that lost its reference: their search finds the words of the key, we compare the key itself."""
        asked = {"search": f"description:'{key}'", "include_archived": "true"}
        found = [w async for w in self._api.every("workspaces", Workspace, **asked) if mapping.carries_key(w, key)]
        if len(found) > 1:
            raise Conflict(
                f"{self._api.name} holds {len(found)} projects that bear the key {key}",
                remedy="Archive all but one there and remove the key from their descriptions, then settle with retry.",
                evidence={"projects": ", ".join(w.id for w in found)},
            )
        return found[0] if found else None

    def _same_currency(self, workspace: Workspace, project: Project) -> None:
        sold, made = project.currency, workspace.currency
        if sold != made:  # a rate card silently overrules the currency that was asked for (documented, 2026-11)
            raise Rejected(
                f"Project {project.reference} is sold in {sold}, but {self._api.name} made it in {made}",
                remedy=f"To bill in {sold} you must name a rate card in {sold} in the system's settings, then retry.",
                evidence={"project": workspace.id},
                code="PROJECT_CURRENCY",
            )

    def _not_yet_open(self) -> Body:
        status = {"status_key": self._settings.planned_status_key} if self._settings.planned_status_key else {}
        return {**status, **({"time_trackable": False} if self._settings.locks_time else {})}

    async def _show(self, project_id: str) -> Workspace:
        return self._only(await self._api.show("workspaces", project_id, **_INCLUDED))

    def _only(self, found: Found) -> Workspace:
        return self._api.read(Workspace, found.records[0])

    def _named(self, reference: str, key: str, status: str) -> Body:
        return mapping.reference_body(self._settings.service_name, PROJECT, reference, key=key, status=status)

    def _phases_written(self, project_id: str, phases: Sequence[Phase], held: Held) -> Written:
        first = held.stories[phases[0].reference] if phases else project_id
        return Written(target_id=first, url=f"{self._url(project_id)}/tracker")

    def _written(self, project_id: str) -> Written:
        return Written(target_id=project_id, url=self._url(project_id))

    def _url(self, project_id: str) -> str:
        return f"{self._settings.app_url.rstrip('/')}/workspaces/{project_id}"
