"""Kantata OX in rehearsals: projects with their plan and their staffing."""

import re
from collections.abc import Iterator, Mapping, Sequence

from rehearsal.beginning import Beginning
from rehearsal.deal import Deal
from rehearsal.record import Holding, Json, Record, RecordKind, spoken_amount
from rehearsal.systems.system import Secrets, System

_KEY = re.compile(r"Handoff (?:key|reference): (?:\w+/)?(\S+)")
_STORIES: dict[str, RecordKind] = {"deliverable": "phase", "milestone": "milestone", "task": "task"}


class Kantata(System):
    """PSA, with time and expenses."""

    name = "kantata"
    title = "Kantata"
    secrets = ("kantata_token",)
    bound = frozenset({"project"})

    def environment(self, secrets: Secrets) -> dict[str, str]:
        return {"HANDOFF_KANTATA_TOKEN": secrets["kantata_token"]}

    def access(self, secrets: Secrets, gateway: str) -> Json:
        return {"tokens": {secrets["kantata_token"]: {"user_id": "1", "permission": "administrator"}}}

    def seed(self, beginning: Beginning) -> Json:
        return {"roles": _roles(beginning.deals)}

    def records(self, state: Json) -> Iterator[Record]:
        named = {
            (reference["subject_type"], reference["subject_id"]): reference["service_model_ref"]
            for reference in state["external_references"].values()
            if reference["service_name"] == "Handoff"
        }
        projects: dict[str, Json] = state["workspaces"]
        contracts = {number: named.get(("Workspace", number)) or _described(workspace) for number, workspace in projects.items()}
        for number, workspace in projects.items():
            live = not workspace.get("archived")
            yield Record(self.name, "project", number, contracts[number], contracts[number], live, workspace)
        for number, group in state["workspace_groups"].items():
            yield Record(self.name, "customer", number, named.get(("WorkspaceGroup", number), ""), "", True, group)
        for number, story in state["stories"].items():
            reference = named.get(("Story", number)) or _described(story)
            yield _within(self.name, _STORIES.get(story["story_type"], "task"), number, reference, story, projects, contracts)
        for number, resource in state["workspace_resources"].items():
            reference = named.get(("WorkspaceResource", number), "")
            yield _within(self.name, "resource", number, reference, resource, projects, contracts)

    def shown(self, contract: str, mine: Sequence[Record], state: Json) -> Iterator[Holding]:
        for record in mine:
            if (record.system, record.kind) == (self.name, "project"):
                gone = "" if record.live else "withdrawn; "
                says = f"{gone}{spoken_amount(record.fields['price'])} {record.fields['currency']}"
                yield Holding(self.title, "project", record.id, "; ".join(filter(None, [says, _parts(mine)])))


def _within(
    system: str, kind: RecordKind, number: str, reference: str, record: Json, projects: Json, contracts: dict[str, str]
) -> Record:
    """A part of a project lives as long as the project."""
    project = str(record["workspace_id"])
    gone = record.get("archived") or record.get("deleted_at") or projects.get(project, {}).get("archived")
    return Record(system, kind, number, reference, contracts.get(project, ""), not gone, record)


def _described(record: Json) -> str:
    match = _KEY.search(record.get("description") or "")
    return match[1] if match else ""


def _roles(deals: Mapping[str, Deal]) -> Json:
    sold = {name for deal in deals.values() for line in deal.lines for name in line.roles}
    return {str(11 + number): {"name": name} for number, name in enumerate(sorted(sold | {"Senior", "Consultant"}))}


def _parts(mine: Sequence[Record]) -> str:
    kinds = {"phase": "phases", "milestone": "milestones", "resource": "roles to staff"}
    parts = [(sum(r.system == "kantata" and r.kind == kind for r in mine), name) for kind, name in kinds.items()]
    return ", ".join(f"{count} {name}" for count, name in parts if count)
