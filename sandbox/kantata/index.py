"""Which records have a value in a field, kept beside the records so that look-ups stay quick in a long rehearsal."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.kantata import changes

Record = dict[str, Any]
State = dict[str, Any]

_INDEXED = {
    "external_references": ("service_model_ref", "subject_id"),
    "stories": ("workspace_id", "parent_id"),
    "billing_milestones": ("workspace_id",),
    "workspace_resources": ("workspace_id",),
    "workspace_allocations": ("resource_id",),
    "resource_requests": ("resource_id",),
    "custom_field_values": ("subject_id",),
    "time_entries": ("recent_submission_id",),
    "expenses": ("recent_submission_id",),
}
_PARAMETERS = {
    ("external_references", "service_model_ref"): "service_model_ref",
    ("external_references", "subject_id"): "subject_id",
    ("stories", "workspace_id"): "workspace_id",
    ("stories", "with_projects"): "workspace_id",
    ("stories", "with_parent_id"): "parent_id",
    ("billing_milestones", "workspace_ids"): "workspace_id",
    ("workspace_resources", "workspace_id"): "workspace_id",
    ("custom_field_values", "with_subject_id"): "subject_id",
    ("time_entries", "with_recent_timesheet_ids"): "recent_submission_id",
    ("time_entries", "with_timesheet_id"): "recent_submission_id",
    ("expenses", "with_recent_expense_report_ids"): "recent_submission_id",
    ("expenses", "with_expense_report_id"): "recent_submission_id",
}


def enter(state: State, plural: str, record: Record) -> None:
    """Keep a record and find it later by its indexed fields (which may change: look-ups test the value again)."""
    state[plural][record["id"]] = record
    for field in _INDEXED.get(plural, ()):
        if record.get(field) is not None:
            numbers = state["index"].setdefault(f"{plural}.{field}", {}).setdefault(str(record[field]), [])
            if record["id"] not in numbers:
                numbers.append(record["id"])
    changes.keep(state, plural, record)


def leave(state: State, plural: str, record: Record) -> None:
    """Take a record away; its external references stay, as with the vendor."""
    changes.forget(state, plural, record)
    del state[plural][record["id"]]


def having(state: State, plural: str, field: str, value: str) -> list[Record]:
    """The records whose indexed field has that value."""
    numbers = state["index"].get(f"{plural}.{field}", {}).get(value, ())
    return [state[plural][n] for n in numbers if n in state[plural] and str(state[plural][n].get(field)) == value]


def references_of(state: State, subject_type: str, subject_id: str) -> list[Record]:
    """The external references of a record."""
    return [r for r in having(state, "external_references", "subject_id", subject_id) if r["subject_type"] == subject_type]


def candidates(state: State, plural: str, subject_type: str, query: Mapping[str, str]) -> Iterable[Record]:
    """The records a list call has to look at: few, if one of its parameters is indexed."""
    if "only" in query:
        return [state[plural][n] for n in dict.fromkeys(query["only"].split(",")) if n in state[plural]]
    if "external_reference_service_model_refs" in query and subject_type:
        wanted = dict.fromkeys(query["external_reference_service_model_refs"].split(","))
        references = (r for ref in wanted for r in having(state, "external_references", "service_model_ref", ref))
        numbers = dict.fromkeys(str(r["subject_id"]) for r in references if r["subject_type"] == subject_type)
        return [state[plural][n] for n in numbers if n in state[plural]]
    for name, value in query.items():
        field = _PARAMETERS.get((plural, name))
        if field:
            return [record for each in dict.fromkeys(value.split(",")) for record in having(state, plural, field, each)]
    if plural in changes.BY_CHANGE:
        return [state[plural][number] for number in changes.between(state, plural, query).numbers()]
    return list(state[plural].values())
