"""Staffing: an unnamed resource with a soft allocation for each role wanted, and a request to its approvers."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from canonical.errors import Rejected
from canonical.project import StaffingNeed
from canonical.written import Written
from connectors.kantata import mapping
from connectors.kantata.api import Api, Found
from connectors.kantata.mapping import NEED, PENDING, WHOLE
from connectors.kantata.schemas import Body, ExternalReference, ResourceRequest, Role, WorkspaceResource
from connectors.kantata.settings import Settings

_CLOCKS_DIFFER = timedelta(minutes=5)


class Staffing:
    """The part of ``Psa`` that asks resource management for people."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api, self._settings = api, settings
        self._role_ids: dict[str, str] = {}

    async def request_staffing(self, project_id: str, needs: Sequence[StaffingNeed], *, key: str) -> Written:
        """Every need once; the reference of a resource turns successful when its allocation and request are there too."""
        held = await self._held(project_id)
        roles = [await self._role_id(need.role) for need in needs]
        made = await asyncio.gather(
            *(
                self._fulfil(project_id, need, role, held.get(need.reference), key)
                for need, role in zip(needs, roles, strict=True)
            )
        )
        return self._staffed(project_id, list(made))

    async def find_staffing(self, project_id: str, needs: Sequence[StaffingNeed], *, key: str) -> Written | None:
        """The resources if every need is wholly there."""
        held = await self._held(project_id)
        own = [held.get(need.reference) for need in needs]
        if any(found is None or found[1].status != WHOLE for found in own):
            return None
        return self._staffed(project_id, [found[0].id for found in own if found])

    async def _fulfil(
        self,
        project_id: str,
        need: StaffingNeed,
        role_id: str,
        held: tuple[WorkspaceResource, ExternalReference] | None,
        key: str,
    ) -> str:
        if held and held[1].status == WHOLE:
            return held[0].id
        resource = held[0] if held else await self._create_resource(project_id, need, role_id, key)
        is_new = held is None
        if is_new or not await self._has_allocation(need):
            body = mapping.allocation_body(need, resource.id, reference=self._referring(need, key))
            await self._api.create("workspace_allocations", "workspace_allocation", body)
        if self._settings.staffing_approver_ids and (is_new or not await self._has_request(resource)):
            approvers = [int(number) for number in self._settings.staffing_approver_ids]
            body = {"resource_id": int(resource.id), "approver_ids": approvers}
            await self._api.create("resource_requests", "resource_request", body)
        await self._api.refer("WorkspaceResource", resource.id, self._referring(need, key))
        return resource.id

    async def _create_resource(self, project_id: str, need: StaffingNeed, role_id: str, key: str) -> WorkspaceResource:
        body = {
            "workspace_id": int(project_id),
            "role_id": int(role_id),
            "external_reference": self._referring(need, key, PENDING),
        }
        made = await self._api.create("workspace_resources", "workspace_resource", body)
        return self._api.read(WorkspaceResource, made.records[0])

    async def _held(self, project_id: str) -> dict[str, tuple[WorkspaceResource, ExternalReference]]:
        """Our needs of the project; unnamed resources must be asked for, and staffed ones keep their reference."""
        query = {"workspace_id": project_id, "include_unnamed": "true", "order": "created_at:asc"}
        found: Found = await self._api.every_referenced("workspace_resources", **query)
        held = {}
        for item in found.records:
            resource = self._api.read(WorkspaceResource, item)
            own = mapping.own_reference(resource, found.references, self._settings.service_name)
            if own and own.service_model == NEED:
                held[own.service_model_ref] = (resource, own)
        return held

    async def _has_allocation(self, need: StaffingNeed) -> bool:
        query = {"subject_type": "WorkspaceAllocation", "service_name": self._settings.service_name, "service_model": NEED}
        same = self._api.every("external_references", ExternalReference, service_model_ref=need.reference, **query)
        return bool([r async for r in same if r.service_model_ref == need.reference])

    async def _has_request(self, resource: WorkspaceResource) -> bool:
        """Requests bear no reference of ours and know no filter by project: those made since the resource, by resource."""
        since = (resource.created_at - _CLOCKS_DIFFER).isoformat()
        query = {"created_after": since, "include": "resource"}
        return bool(
            [r async for r in self._api.every("resource_requests", ResourceRequest, **query) if r.resource_id == resource.id]
        )

    async def _role_id(self, role: str) -> str:
        name = self._settings.roles.get(role, role)
        if name not in self._role_ids:
            self._role_ids = {r.name: r.id async for r in self._api.every("roles", Role)}
        if name not in self._role_ids:
            raise Rejected(
                f"{self._api.name} knows no role '{name}', which the contract wants",
                remedy=f"To staff '{name}' you must create that role there, or name its equivalent in the settings; then retry.",
                evidence={"role": role},
                code="ROLE_UNKNOWN",
            )
        return self._role_ids[name]

    def _referring(self, need: StaffingNeed, key: str, status: str = WHOLE) -> Body:
        return mapping.reference_body(self._settings.service_name, NEED, need.reference, key=key, status=status)

    def _staffed(self, project_id: str, resources: list[str]) -> Written:
        url = f"{self._settings.app_url.rstrip('/')}/workspaces/{project_id}/team"
        return Written(target_id=resources[0] if resources else project_id, url=url)
