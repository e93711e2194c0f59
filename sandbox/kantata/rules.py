"""The documented rules of each record type, checked before anything is stored, and the defaults of what is stored."""

from collections.abc import Callable
from typing import Any

from sandbox.kantata.currencies import CURRENCIES
from sandbox.kantata.index import Record, State, references_of
from sandbox.kantata.line_items import LINE_ITEM_RULES
from sandbox.kantata.refusals import Invalid
from sandbox.kantata.values import INT32

STORY_TYPES = ("task", "deliverable", "milestone", "issue")
_STATES = ("not started", "started", "needs info", "completed")
_LONGEST_STORY_DESCRIPTION = 1000
_DEEPEST = 4

Rule = Callable[[State, Record, bool], None]


def _refuse(field: str, message: str) -> None:
    raise Invalid([(field, message)])


def _must_exist(state: State, plural: str, field: str, number: Any) -> Record:
    found: Record | None = state[plural].get(str(number))
    if found is None:
        raise Invalid([(field, f"{field} {number} could not be found")])
    return found


def _workspace(state: State, record: Record, creating: bool) -> None:
    account = state["account"]
    if creating:
        defaults: Record = {
            "description": None,
            "start_date": None,
            "due_date": None,
            "budgeted": True,
            "price": None,
            "rate_card_id": None,
            "workspace_group_ids": [],
            "primary_workspace_group_id": None,
            "status_key": int(account["default_status"]),
            "access_level": "invitation",
            "stories_are_fixed_fee_by_default": False,
            "tasks_default_non_billable": False,
            "time_trackable": True,
            "percentage_complete": 0,
            "archived": False,
        }
        record.update({name: value for name, value in defaults.items() if name not in record})
        if record["budgeted"] and record["price"] is None:
            _refuse("price", "Please give your project a price")
    _price_and_currency(state, record)
    if str(record["status_key"]) not in account["project_statuses"]:
        _refuse("status_key", f"status_key {record['status_key']} is not a project status of this account")
    for number in [*record["workspace_group_ids"], *filter(None, [record["primary_workspace_group_id"]])]:
        _must_exist(state, "workspace_groups", "workspace_group_ids", number)


def _price_and_currency(state: State, record: Record) -> None:
    if record.get("rate_card_id"):  # documented: the currency given is then ignored
        record["currency"] = _must_exist(state, "rate_cards", "rate_card_id", record["rate_card_id"])["currency"]
    record.setdefault("currency", state["account"]["default_currency"])
    if record["currency"] not in CURRENCIES:
        _refuse("currency", f"currency {record['currency']} is not supported")
    if record["price"] is not None and not 0 <= record["price"] * CURRENCIES[record["currency"]][1] < INT32:
        _refuse("price", "price must fit a 32-bit number of subunits")


def _story(state: State, record: Record, creating: bool) -> None:
    workspace = _must_exist(state, "workspaces", "workspace_id", record["workspace_id"])
    if creating:
        defaults = {
            "description": None,
            "story_type": "task",
            "start_date": None,
            "due_date": None,
            "state": "not started",
            "parent_id": None,
            "archived": False,
            "deleted_at": None,
            "percentage_complete": 0,
            "priority": "normal",
            "billable": not workspace["tasks_default_non_billable"],
            "fixed_fee": workspace["stories_are_fixed_fee_by_default"],
            "budget_estimate_in_cents": None,
            "time_estimate_in_minutes": None,
            "weight": None,
            "time_trackable": True,
        }
        record.update({name: value for name, value in defaults.items() if name not in record})
    _story_words(record)
    _story_place(state, record)
    for name in ("budget_estimate_in_cents", "time_estimate_in_minutes"):
        if record[name] is not None and not workspace["budgeted"]:
            _refuse(name, f"{name} can only be set if the project is budgeted")


def _story_words(record: Record) -> None:
    if record["story_type"] not in STORY_TYPES:
        _refuse("story_type", f"story_type must be one of {', '.join(STORY_TYPES)}")
    if record["story_type"] != "issue" and record["state"] not in _STATES:
        _refuse("state", f"state must be one of {', '.join(_STATES)}")
    if len(record["description"] or "") >= _LONGEST_STORY_DESCRIPTION:
        _refuse("description", "description must be less than 1000 characters")
    if record["weight"] is not None and (record["story_type"] != "milestone" or record["parent_id"]):
        _refuse("weight", "weight can only be set on a parent-level milestone")


def _story_place(state: State, record: Record) -> None:
    parent = _must_exist(state, "stories", "parent_id", record["parent_id"]) if record["parent_id"] else None
    if parent and parent["workspace_id"] != record["workspace_id"]:
        _refuse("parent_id", "parent_id must be a task of the same project")
    record["ancestor_ids"] = [*parent["ancestor_ids"], parent["id"]] if parent else []
    record["ancestry_depth"] = len(record["ancestor_ids"])
    record["root_id"] = record["ancestor_ids"][0] if parent else None
    if record["ancestry_depth"] > _DEEPEST:
        _refuse("parent_id", "subtasks can be nested up to 4 levels from the top-level task")


def _group(state: State, record: Record, creating: bool) -> None:
    names = {g["name"].lower(): g["id"] for g in state["workspace_groups"].values()}
    if names.get(record["name"].lower(), record.get("id")) != record.get("id"):
        _refuse("name", "Name has already been taken")
    if creating:
        record.setdefault("company", False)


def _milestone(state: State, record: Record, creating: bool) -> None:
    _must_exist(state, "workspaces", "workspace_id", record["workspace_id"])
    if record["billing_type"] not in {"fixed_date", "upon_completion"}:
        _refuse("billing_type", "billing_type can be 'fixed_date' or 'upon_completion'")
    if record["billing_type"] == "upon_completion" and not record.get("story_id"):
        _refuse("story_id", "story_id is required when the billing_type is upon_completion")
    if record.get("story_id"):
        _must_exist(state, "stories", "story_id", record["story_id"])
    if creating:
        record.setdefault("date_to_invoice", None)
        record.setdefault("story_id", None)


def _resource(state: State, record: Record, creating: bool) -> None:
    workspace = _must_exist(state, "workspaces", "workspace_id", record["workspace_id"])
    record.setdefault("user_id", None)
    if not record["user_id"] and not record.get("role_id"):
        _refuse("role_id", "role_id is required to create unnamed resources")
    role = _must_exist(state, "roles", "role_id", record["role_id"]) if record.get("role_id") else None
    user = _must_exist(state, "users", "user_id", record["user_id"]) if record["user_id"] else None
    record["role_name"] = role["name"] if role else None
    record["full_name"] = user["full_name"] if user else None
    record["workspace_title"] = workspace["title"]


def _allocation(state: State, record: Record, creating: bool) -> None:
    resource = _must_exist(state, "workspace_resources", "resource_id", record["resource_id"])
    record.setdefault("hard", False)
    if record["hard"] and not resource["user_id"]:
        _refuse("hard", "hard must be false for unnamed resources")
    if record["end_date"] < record["start_date"]:
        _refuse("end_date", "end_date must not be before start_date")


def _request(state: State, record: Record, creating: bool) -> None:
    if not record["approver_ids"]:
        _refuse("approver_ids", "approver_ids can't be blank")
    for number in record["approver_ids"]:
        _must_exist(state, "users", "approver_ids", number)
    _must_exist(state, "workspace_resources", "resource_id", record.get("resource_id"))
    record["status"] = "new"


def _reference(state: State, record: Record, creating: bool) -> None:
    record.setdefault("status", "successful")


def _value(state: State, record: Record, creating: bool) -> None:
    field = _must_exist(state, "custom_fields", "custom_field_id", record["custom_field_id"])
    if field["subject_type"] != record["subject_type"]:
        _refuse("custom_field_id", f"custom_field_id {field['id']} is not a field of {record['subject_type']}")
    record["custom_field_name"] = field["name"]
    record["display_value"] = str(record["value"])


RULES: dict[str, Rule] = {
    "workspaces": _workspace,
    "stories": _story,
    "workspace_groups": _group,
    "billing_milestones": _milestone,
    "workspace_resources": _resource,
    "workspace_allocations": _allocation,
    "resource_requests": _request,
    "external_references": _reference,
    "custom_field_values": _value,
    **LINE_ITEM_RULES,
}


def refuse_second_of_service(state: State, subject_type: str, subject_id: str, service_name: str) -> None:
    """Documented: of one record's references the service_name must be unique (nothing makes them unique across records)."""
    if any(r["service_name"] == service_name for r in references_of(state, subject_type, subject_id)):
        _refuse("service_name", "Service name has already been taken")
