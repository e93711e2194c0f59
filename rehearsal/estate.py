"""What the vendors hold, as records with our references: read from their states, not through our connectors."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from rehearsal.check import RecordKind
from rehearsal.vendors import Vendors
from rehearsal.world import Json, SystemName

_KEY = re.compile(r"Handoff (?:key|reference): (?:\w+/)?(\S+)")
_ESCAPED = re.compile(r"__|_([0-9A-F]{2})")
_STORIES: dict[str, RecordKind] = {"deliverable": "phase", "milestone": "milestone", "task": "task"}


@dataclass(frozen=True)
class Record:
    """One record of a vendor; ``reference`` is ours, ``contract`` the engagement it belongs to (empty where it has none)."""

    system: SystemName
    kind: RecordKind
    id: str
    reference: str
    contract: str
    live: bool
    fields: Json

    def has(self, wanted: Json) -> bool:
        """Whether its fields have these values."""
        return all(same(found(self.fields, name), value) for name, value in wanted.items())


async def estate(vendors: Vendors) -> list[Record]:
    """Every record that could be of our making, in all systems."""
    states = {name: await vendor.state() for name, vendor in vendors.by_name.items()}
    return [
        *_salesforce(states["salesforce"]),
        *_kantata(states["kantata"]),
        *_netsuite(states["netsuite"]),
        *_sharepoint(states["sharepoint"]),
    ]


def found(fields: Json, path: str) -> Any:
    """A value by its dotted path; numbers step into lists."""
    here: Any = fields
    for part in path.split("."):
        if isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        elif isinstance(here, dict):
            here = here.get(part)
        else:
            return None
    return here


def same(held: Any, wanted: Any) -> bool:
    """Equal in the sense of people: amounts as numbers, everything else as it is written."""
    if held is None or wanted is None or isinstance(wanted, bool):
        return bool(held == wanted)
    if isinstance(wanted, str) and len(wanted) > 1 and wanted.startswith("~"):
        return wanted[1:].strip().lower() in str(held).lower()
    one, other = number(held), number(wanted)
    return one == other if one is not None and other is not None else str(held) == str(wanted)


def number(value: Any) -> Decimal | None:
    """A value as an exact number, if it is one."""
    if isinstance(value, bool):
        return None
    try:
        return Decimal(str(value).replace(",", ""))
    except InvalidOperation:
        return None


def _salesforce(state: Json) -> Iterator[Record]:
    for deal in state.get("Opportunity", {}).values():
        contract = deal.get("Contract_Reference__c") or ""
        yield Record("salesforce", "deal", deal["Id"], contract, contract, not deal["IsDeleted"], deal)
    for note in state.get("Task", {}).values():
        key = note.get("Handoff_Key__c") or ""
        yield Record("salesforce", "note", note["Id"], key, _about(key), not note["IsDeleted"], note)


def _about(key: str) -> str:
    """The contract of a business key: C-100 of ``tell_deal/C-100/1.1``."""
    return next(iter(key.split("/")[1:]), "")


def _kantata(state: Json) -> Iterator[Record]:
    named = {
        (reference["subject_type"], reference["subject_id"]): reference["service_model_ref"]
        for reference in state["external_references"].values()
        if reference["service_name"] == "Handoff"
    }
    projects: dict[str, Json] = state["workspaces"]
    contracts = {number: named.get(("Workspace", number)) or _described(workspace) for number, workspace in projects.items()}
    for number, workspace in projects.items():
        live = not workspace.get("archived")
        yield Record("kantata", "project", number, contracts[number], contracts[number], live, workspace)
    for number, group in state["workspace_groups"].items():
        yield Record("kantata", "customer", number, named.get(("WorkspaceGroup", number), ""), "", True, group)
    for number, story in state["stories"].items():
        reference = named.get(("Story", number)) or _described(story)
        yield _within("kantata", _STORIES.get(story["story_type"], "task"), number, reference, story, projects, contracts)
    for number, resource in state["workspace_resources"].items():
        reference = named.get(("WorkspaceResource", number), "")
        yield _within("kantata", "resource", number, reference, resource, projects, contracts)


def _within(
    system: SystemName, kind: RecordKind, number: str, reference: str, record: Json, projects: Json, contracts: dict[str, str]
) -> Record:
    """A part of a project lives as long as the project."""
    project = str(record["workspace_id"])
    gone = record.get("archived") or record.get("deleted_at") or projects.get(project, {}).get("archived")
    return Record(system, kind, number, reference, contracts.get(project, ""), not gone, record)


def _described(record: Json) -> str:
    match = _KEY.search(record.get("description") or "")
    return match[1] if match else ""


def _netsuite(state: Json) -> Iterator[Record]:
    records = state["records"]
    jobs = {number: _reference(job) for number, job in records.get("job", {}).items()}
    for number, customer in records.get("customer", {}).items():
        yield _of_netsuite("customer", number, customer, "")
    for number, job in records.get("job", {}).items():
        yield _of_netsuite("project", number, job, jobs[number])
    for number, schedule in records.get("billingSchedule", {}).items():
        yield _of_netsuite("schedule", number, schedule, jobs.get(_id(schedule.get("job")), ""))
    for number, task in records.get("projectTask", {}).items():
        kind: RecordKind = "task" if task.get("parent") else "phase"
        yield _of_netsuite(kind, number, task, jobs.get(_id(task.get("project")), ""))


def _of_netsuite(kind: RecordKind, number: str, record: Json, contract: str) -> Record:
    return Record("netsuite", kind, number, _reference(record), contract, not record.get("isInactive"), record)


def _reference(record: Json) -> str:
    """An external id as we write it there: ``__`` stands for a dot, ``_3A`` for the character of that code."""
    return _ESCAPED.sub(lambda part: "." if part[0] == "__" else chr(int(part[1], 16)), record.get("externalId") or "")


def _id(reference: Any) -> str:
    return str((reference or {}).get("id", ""))


def _sharepoint(state: Json) -> Iterator[Record]:
    items: dict[str, Json] = state["items"]
    for number, item in items.items():
        key, contract = (item["fields"].get(name) or "" for name in ("HandoffKey", "ContractReference"))
        if not key and not contract:
            continue
        contract = contract or _about(key)
        live = not item["deleted"] and not key.startswith("withdraw")
        kind: RecordKind = "document" if "size" in item else "workspace"
        yield Record("sharepoint", kind, number, key or contract, contract, live, item | {"path": _path(items, item)})


def _path(items: dict[str, Json], item: Json) -> str:
    names: list[str] = []
    here: Json | None = item
    while here and here["parent"]:
        names.insert(0, here["name"])
        here = items.get(here["parent"])
    return "/".join(names)


def doubles(records: Iterable[Record]) -> dict[tuple[str, str, str], list[str]]:
    """Business keys that more than one live record bears in one system (U2)."""
    seen: dict[tuple[str, str, str], list[str]] = {}
    for record in records:
        if record.live and record.reference:
            seen.setdefault((record.system, record.kind, record.reference), []).append(record.id)
    return {key: ids for key, ids in seen.items() if len(ids) > 1}
