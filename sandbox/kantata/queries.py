"""Which records a list call answers: defaults, filters, order and page; unknown parameters are ignored, as there."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.kantata import line_item_queries
from sandbox.kantata.filters import Filter, Test, after, before, is_true, one_of
from sandbox.kantata.index import Record, State, having, references_of
from sandbox.kantata.kinds import Kind
from sandbox.kantata.refusals import Refusal
from sandbox.kantata.search import matching, search

MOST_PER_PAGE = 200
_REFERENCE_REF = "external_reference_service_model_ref"


def selected(state: State, kind: Kind, query: Mapping[str, str], records: Iterable[Record]) -> list[Record]:
    """The records that pass the defaults and every filter given, in order."""
    _refuse_unusable(kind, query)
    tests = [built(state, value) for name, value in query.items() if (built := _filter_for(kind, name))]
    kept = [r for r in records if _passes_defaults(state, kind, r, query) and all(test(r) for test in tests)]
    name, _, direction = query.get("order", kind.default_order).partition(":")
    field = line_item_queries.SORTED_BY.get((kind.plural, name), name)
    return sorted(kept, key=lambda r: (_in_order(r.get(field)), int(r["id"])), reverse=direction == "desc")


def _in_order(value: Any) -> str:
    return f"{value:>12}" if isinstance(value, int) else str(value or "")


def shown(state: State, kind: Kind, record: Record, query: Mapping[str, str]) -> bool:
    """Whether a record is shown at its own address: the default filters hold there too."""
    return (
        kind.plural == "workspace_resources"
        or kind.plural in line_item_queries.OWN
        or _passes_defaults(state, kind, record, query)
    )


def page_of(records: list[Record], query: Mapping[str, str]) -> tuple[list[Record], dict[str, int]]:
    """One page and its meta."""
    start, size = place(query)
    return records[start : start + size], meta_of(len(records), start, size)


def place(query: Mapping[str, str]) -> tuple[int, int]:
    """Where a page starts and how long it is; limit with offset wins over page with per_page."""
    if "limit" in query and "offset" in query:
        size, start = max(_whole(query["limit"]), 1), max(_whole(query["offset"]), 0)
    else:
        size = min(max(_whole(query.get("per_page", "20")), 1), MOST_PER_PAGE)
        start = (max(_whole(query.get("page", "1")), 1) - 1) * size
    return start, size


def meta_of(count: int, start: int, size: int) -> dict[str, int]:
    """The meta of a page."""
    return {"count": count, "page_count": -(-count // size), "page_number": start // size + 1, "page_size": size}


def _passes_defaults(state: State, kind: Kind, record: Record, query: Mapping[str, str]) -> bool:
    match kind.plural:
        case "workspaces":
            return _wanted(record, query, "include_archived")
        case "stories":
            is_buried = bool(state["workspaces"][record["workspace_id"]]["archived"])
            return _wanted(record, query, "show_archived") and is_buried == is_true(query.get("show_from_archived_workspaces"))
        case "workspace_resources":
            is_named = record.get("user_id") is not None
            return not is_named if is_true(query.get("only_unnamed")) else is_named or is_true(query.get("include_unnamed"))
    return line_item_queries.passes_defaults(state, kind, record, query)


def _wanted(record: Record, query: Mapping[str, str], including: str) -> bool:
    wanted = query.get("archived", "include" if is_true(query.get(including)) else "exclude")
    return wanted == "include" or (wanted == "only") == bool(record["archived"])


def _refuse_unusable(kind: Kind, query: Mapping[str, str]) -> None:
    if kind.plural in {"external_references", "custom_field_values"} and not query.get("subject_type"):
        raise Refusal(400, "subject_type is required", field="subject_type")
    if kind.plural == "story_state_changes" and not query.get("story_id"):
        raise Refusal(400, "story_id is required", field="story_id")
    if _REFERENCE_REF in query and not query[_REFERENCE_REF].isdigit():  # documented as an integer, unlike its plural
        raise Refusal(400, f"{_REFERENCE_REF} must be an integer", field=_REFERENCE_REF)
    name, _, direction = query.get("order", kind.default_order).partition(":")
    if name not in kind.orders or direction not in {"asc", "desc"}:
        raise Refusal(400, f"{query.get('order')} is not a valid order", field="order")


def _whole(value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise Refusal(400, f"{value} is not an integer") from error


def _by_reference(field: str) -> Filter:
    def build(state: State, value: str) -> Test:
        wanted = set(value.split(","))
        return lambda record: any(r.get(field) in wanted for r in references_of(state, record["_subject_type"], record["id"]))

    return build


def _without_service(state: State, value: str) -> Test:
    return lambda record: all(r["service_name"] != value for r in references_of(state, record["_subject_type"], record["id"]))


def _has_references(state: State, value: str) -> Test:
    return lambda record: bool(references_of(state, record["_subject_type"], record["id"])) == is_true(value)


def _by_custom_text(state: State, value: str) -> Test:
    pairs: list[tuple[Any, ...]] = re.findall(r"\((\d+):([^)]*)\)", value) or [(*value.split(":", 1), None)[:2]]

    def test(record: Record) -> bool:
        own = {v["custom_field_id"]: v["value"] for v in having(state, "custom_field_values", "subject_id", record["id"])}
        return any(field in own and wanted in {None, own[field]} for field, wanted in pairs)

    return test


_COMMON: dict[str, Filter] = {
    "only": one_of("id"),
    "except": one_of("id", negated=True),
    "created_after": after("created_at"),
    "created_before": before("created_at"),
    "updated_after": after("updated_at"),
    "updated_before": before("updated_at"),
}
_BY_REFERENCES: dict[str, Filter] = {
    "external_reference_service_name": _by_reference("service_name"),
    "external_reference_service_model": _by_reference("service_model"),
    _REFERENCE_REF: _by_reference("service_model_ref"),
    "external_reference_service_model_refs": _by_reference("service_model_ref"),
    "external_reference_status": _by_reference("status"),
    "without_external_reference_service_name": _without_service,
    "has_external_references": _has_references,
}
_REFERENCE_FIELDS = ("subject_type", "subject_id", "service_name", "service_model", "service_model_ref", "status")
_OWN: dict[str, dict[str, Filter]] = {
    **line_item_queries.OWN,
    "workspaces": {
        "search": search,
        "matching": matching,
        "by_custom_text_value": _by_custom_text,
        "budgeted": lambda _, value: lambda record: record["budgeted"] == is_true(value),
        "workspace_groups": lambda _, value: lambda record: bool(set(record["workspace_group_ids"]) & set(value.split(","))),
    },
    "stories": {
        "search": search,
        "workspace_id": one_of("workspace_id"),
        "with_projects": one_of("workspace_id"),
        "with_parent_id": one_of("parent_id"),
        "story_type": one_of("story_type"),
        "story_types": one_of("story_type"),
        "parents_only": lambda _, value: lambda record: not is_true(value) or record["parent_id"] is None,
    },
    "billing_milestones": {"workspace_ids": one_of("workspace_id"), "story_ids": one_of("story_id")},
    "workspace_resources": {name: one_of(name) for name in ("workspace_id", "role_id", "user_id")},
    "resource_requests": {
        "pending_requests_only": lambda _, value: lambda record: not is_true(value) or record["status"] == "new",
        "requests_for_approver": lambda _, value: lambda record: value in record["approver_ids"],
    },
    "external_references": {name: one_of(name) for name in _REFERENCE_FIELDS},
    "custom_field_values": {
        "subject_type": one_of("subject_type"),
        "with_subject_id": one_of("subject_id"),
        "with_custom_field_id": one_of("custom_field_id"),
    },
    "story_state_changes": {"story_id": one_of("story_id")},
    "subscribed_events": {
        "event_types": one_of("event_type"),
        "subject_type": one_of("subject_type"),
        "subject_id": one_of("subject_id"),
    },
}


def _filter_for(kind: Kind, name: str) -> Filter | None:
    own = _OWN.get(kind.plural, {}).get(name) or _COMMON.get(name)
    if own is None and "external_references" in kind.includes:
        return _BY_REFERENCES.get(name)
    return own
