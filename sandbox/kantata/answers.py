"""Records on the wire, and the envelope: count, meta, results in order, typed maps with associations mixed in."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.kantata.currencies import CURRENCIES
from sandbox.kantata.index import Record, State, having, references_of
from sandbox.kantata.kinds import BY_SUBJECT, KINDS, Kind
from sandbox.kantata.line_items import shown_beside, shown_of_approvals
from sandbox.kantata.submissions import is_active, submission_of

_ACCOUNT_TIME = timezone(timedelta(hours=-8))
_ALWAYS_SHOWN = {"stories": ("workspace", "parent"), "workspace_resources": ("workspace",)}
_INTEGER_IDS = {("external_references", "subject_id"), ("workspace_resources", "workspace_id"), ("workspaces", "rate_card_id")}
_MOMENTS = ("created_at", "updated_at", "last_synced_at", "subject_changed_at", "current_resolution_created_at_date")


def envelope(state: State, kind: Kind, records: list[Record], meta: dict[str, int], include: str) -> Response:
    """The answer to a list, a show or a write."""
    names = [name for name in include.split(",") if name in kind.includes]
    body: dict[str, Any] = {
        "count": meta["count"],
        "results": [{"key": kind.plural, "id": record["id"]} for record in records],
        kind.plural: {},
        "meta": meta,
    }
    for record in records:
        body[kind.plural][record["id"]] = wire(state, kind, record, names)
    for name in names:
        _mix_in(state, kind, records, name, body)
    return JSONResponse(body)


def wire(state: State, kind: Kind, record: Record, includes: Iterable[str]) -> Record:
    """One record as the API shows it: association ids only where they are included (a few are always there)."""
    hidden = kind.included_fields
    shown = {name: value for name, value in record.items() if not name.startswith("_") and name not in hidden}
    shown |= shown_beside(state, kind.plural, record)
    names = {*includes, *_ALWAYS_SHOWN.get(kind.plural, ())}
    for name in sorted(names):
        shown[kind.includes[name][0]] = _association(state, kind, record, name)
    if kind.plural == "workspaces":
        shown |= _workspace_extras(state, record) | shown_of_approvals(state, record)
    for name in _MOMENTS:
        if shown.get(name):
            shown[name] = _in_account_time(shown[name])
    for plural, name in _INTEGER_IDS:
        if kind.plural == plural and shown.get(name) is not None:
            shown[name] = int(shown[name])
    return shown | {"id": record["id"]}


@lru_cache(maxsize=10_000)
def _in_account_time(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(_ACCOUNT_TIME).isoformat(timespec="seconds")


def single(count: int) -> dict[str, int]:
    """The meta of an answer that is not a list call."""
    return {"count": count, "page_count": 1, "page_number": 1, "page_size": max(count, 20)}


def _mix_in(state: State, kind: Kind, records: list[Record], name: str, body: dict[str, Any]) -> None:
    field, target = kind.includes[name]
    for record in records:
        if not target:
            found = subject_of(state, record)
            if found:
                body.setdefault(found[0].plural, {})[found[1]["id"]] = wire(state, *found, ())
            continue
        ids = body[kind.plural][record["id"]][field] or []
        for number in [ids] if isinstance(ids, str) else ids:
            if number in state[target] and number not in body.setdefault(target, {}):
                body[target][number] = wire(state, KINDS[target], state[target][number], ())
    if target:
        body.setdefault(target, {})


def _association(state: State, kind: Kind, record: Record, name: str) -> Any:
    field = kind.includes[name][0]
    if field in record:
        return record[field]
    match kind.plural, name:
        case _, "external_references":
            return [r["id"] for r in references_of(state, kind.subject_type, record["id"])]
        case _, "subject":
            found = subject_of(state, record)
            return {"key": found[0].plural, "id": found[1]["id"]} if found else None
        case _, "active_submission":
            submission = submission_of(state, record)
            return submission["id"] if submission and is_active(submission) else None
        case "timesheet_submissions", "time_entries":
            return _ids(state, "time_entries", "recent_submission_id", record)
        case "expense_report_submissions", "expenses":
            return _ids(state, "expenses", "recent_submission_id", record)
        case "workspaces", "billing_milestones":
            return _ids(state, "billing_milestones", "workspace_id", record)
        case "workspaces", "custom_field_values":
            values = having(state, "custom_field_values", "subject_id", record["id"])
            return [v["id"] for v in values if v["subject_type"] == "Workspace"]
        case "workspaces", "workspace_resources" | "workspace_resources_with_unnamed":
            own = _ids(state, "workspace_resources", "workspace_id", record)
            return own if name.endswith("unnamed") else [n for n in own if state["workspace_resources"][n].get("user_id")]
        case "workspace_groups", "workspaces":
            return [w["id"] for w in state["workspaces"].values() if record["id"] in w["workspace_group_ids"]]
        case "stories", "sub_stories":
            return _ids(state, "stories", "parent_id", record)
        case "stories", "descendants":
            return [s["id"] for s in state["stories"].values() if record["id"] in s["ancestor_ids"]]
        case "workspace_allocations", "workspace":
            return state["workspace_resources"][record["resource_id"]]["workspace_id"]
        case "workspace_allocations", "workspace_resource":
            return record["resource_id"]
    return None


def _ids(state: State, plural: str, field: str, record: Record) -> list[str]:
    return [each["id"] for each in having(state, plural, field, record["id"])]


def subject_of(state: State, record: Record) -> tuple[Kind, Record] | None:
    """What an external reference, a custom field value or an event is about."""
    kind = BY_SUBJECT.get(record.get("subject_type", ""))
    found = state[kind.plural].get(str(record.get("subject_id"))) if kind else None
    return (kind, found) if kind and found else None


def _workspace_extras(state: State, record: Record) -> Record:
    key = str(record["status_key"])
    status = state["account"]["project_statuses"][key]
    extras: Record = {
        "status": {"color": status["color"], "key": key, "message": status["message"]},
        "effective_due_date": record["due_date"],
    }
    if not record["budgeted"]:
        return extras | {
            "currency": None,
            "currency_symbol": None,
            "currency_base_unit": None,
            "price": None,
            "price_in_cents": None,
        }
    symbol, base = CURRENCIES[record["currency"]]
    price = record.get("price")
    return extras | {
        "currency_symbol": symbol,
        "currency_base_unit": base,
        "price": "TBD" if price is None else f"{symbol}{price:,}",
        "price_in_cents": None if price is None else price * base,
    }
