"""What Handoff calls their projects and tasks, and who their users are: asked for a page at a time, never entry by entry."""

import asyncio
from collections.abc import Iterable

from connectors.kantata import mapping
from connectors.kantata.api import Api
from connectors.kantata.schemas import Referenced
from connectors.kantata.time_schemas import RoleOnProject, User

_MOST_KEPT = 100_000
_AT_ONCE = 200  # ids in one call: a page
_EVERY_WORKSPACE = ({"include_archived": "true"},)
_EVERY_STORY = ({"show_archived": "true"}, {"show_archived": "true", "show_from_archived_workspaces": "true"})
_ASKED = {"workspaces": _EVERY_WORKSPACE, "stories": _EVERY_STORY}


class Names:
    """References are kept for as long as the connector lives (they do not change); what has none is asked for anew each run."""

    def __init__(self, api: Api, service: str, known: dict[tuple[str, str], str] | None = None) -> None:
        self._api, self._service = api, service
        self._known = {} if known is None else known
        self._unnamed: set[tuple[str, str]] = set()
        self._people: dict[str, str] = {}
        self._roles: dict[str, dict[str, str]] = {}
        self._one_at_a_time = asyncio.Lock()

    def anew(self) -> "Names":
        """For one run."""
        return Names(self._api, self._service, self._known)

    async def references(self, plural: str, numbers: Iterable[str | None]) -> dict[str, str]:
        """Our references of these projects (``workspaces``) or tasks (``stories``); those without one are left out."""
        wanted = {(plural, number) for number in numbers if number}
        async with self._one_at_a_time:
            asked = [number for _, number in wanted - self._known.keys() - self._unnamed]
            for query in _ASKED[plural] if asked else ():
                await self._ask(plural, [n for n in asked if (plural, n) not in self._known], query)
            self._unnamed |= wanted - self._known.keys()
            return {which[1]: self._known[which] for which in wanted if which in self._known}

    async def people(self, numbers: Iterable[str | None]) -> dict[str, str]:
        """Users by what we know them by: the address, else the id."""
        async with self._one_at_a_time:
            asked = sorted({number for number in numbers if number} - self._people.keys())
            for start in range(0, len(asked), _AT_ONCE):
                async for user in self._api.every("users", User, only=",".join(asked[start : start + _AT_ONCE])):
                    self._people[user.id] = user.email_address or user.id
            self._people |= {number: number for number in asked if number not in self._people}
            return self._people

    async def roles_on(self, workspace: str) -> dict[str, str]:
        """Who works on that project as what, for entries that name no role."""
        async with self._one_at_a_time:
            if workspace not in self._roles:
                query = {"workspace_id": workspace, "include": "user"}
                staffed = [r async for r in self._api.every("workspace_resources", RoleOnProject, **query)]
                self._roles[workspace] = {r.user_id: r.role_name for r in staffed if r.user_id and r.role_name}
            return self._roles[workspace]

    async def _ask(self, plural: str, numbers: list[str], query: dict[str, str]) -> None:
        for start in range(0, len(numbers), _AT_ONCE):
            only = ",".join(numbers[start : start + _AT_ONCE])
            found = await self._api.every_referenced(plural, only=only, **query)
            for item in found.records:
                record = self._api.read(Referenced, item)
                own = mapping.own_reference(record, found.references, self._service)
                if own:
                    self._keep((plural, record.id), own.service_model_ref)

    def _keep(self, which: tuple[str, str], reference: str) -> None:
        while len(self._known) >= _MOST_KEPT:
            del self._known[next(iter(self._known))]
        self._known[which] = reference
