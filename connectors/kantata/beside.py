"""Gathers what stands beside a page of time entries or expenses: most of it came with the page, the rest in a call each."""

from typing import TypeVar
from zoneinfo import ZoneInfo

from connectors.http import Json
from connectors.kantata import mapping
from connectors.kantata import time_schemas as theirs
from connectors.kantata.api import read_shape
from connectors.kantata.names import Names
from connectors.kantata.schemas import Shape, Workspace
from connectors.kantata.time_mapping import Beside

Included = TypeVar("Included", bound=Shape)


def included(system: str, page: Json, plural: str, model: type[Included]) -> dict[str, Included]:
    """The records of a type that came along with a page, by id."""
    return {number: read_shape(system, model, item) for number, item in (page.get(plural) or {}).items()}


async def beside(system: str, zone: ZoneInfo, page: Json, records: list[Json], submissions: str, names: Names) -> Beside:
    """For these records of the page."""
    users = included(system, page, "users", theirs.User)
    on = included(system, page, submissions, theirs.Submission)
    approvers = {s.current_resolution_creator_id for s in on.values()} - users.keys()
    people = {user.id: user.email_address or user.id for user in users.values()}
    return Beside(
        system=system,
        zone=zone,
        projects=await names.references("workspaces", (record.get("workspace_id") for record in records)),
        states={number: mapping.state_of(one) for number, one in included(system, page, "workspaces", Workspace).items()},
        tasks=await names.references("stories", (record.get("story_id") for record in records)),
        people={**await names.people(approvers), **people},
        submissions=on,
    )
