"""Time entries and expenses: their defaults, what is refused, and what is shown beside what was entered."""

from collections.abc import Callable
from typing import Any

from sandbox.kantata.currencies import CURRENCIES
from sandbox.kantata.index import Record, State
from sandbox.kantata.refusals import Invalid
from sandbox.kantata.submissions import is_approved, requires_approval, submission_rule, unresolved

_MINUTES_OF_A_DAY = 24 * 60


def _refuse(field: str, message: str) -> None:
    raise Invalid([(field, message)])


def _found(state: State, plural: str, field: str, record: Record) -> Record | None:
    if record.get(field) is None:
        return None
    found: Record | None = state[plural].get(str(record[field]))
    if found is None:
        _refuse(field, f"{field} {record[field]} could not be found")
    return found


def _placed(state: State, record: Record, creating: bool) -> tuple[Record, Record | None]:
    workspace, story = _found(state, "workspaces", "workspace_id", record), _found(state, "stories", "story_id", record)
    user = _found(state, "users", "user_id", record)
    if workspace is None or user is None:
        raise Invalid([("workspace_id", "a project and a user are needed")])
    if story and story["workspace_id"] != record["workspace_id"]:
        _refuse("story_id", "story_id must be a task of the project")
    is_shut = workspace["archived"] or not workspace["time_trackable"] or (story and not story["time_trackable"])
    if creating and is_shut and not record.get("id"):  # a seed tells what happened before the project was shut
        _refuse("workspace_id", "time and expenses cannot be tracked against this project or task")
    for name, value in (("story_id", None), ("notes", None), ("taxable", False), ("recent_submission_id", None)):
        record.setdefault(name, value)
    return workspace, story


def _time_entry(state: State, record: Record, creating: bool) -> None:
    workspace, story = _placed(state, record, creating)
    if not 0 <= record["time_in_minutes"] <= _MINUTES_OF_A_DAY:
        _refuse("time_in_minutes", "time_in_minutes must be between 0 and 1440")
    _found(state, "roles", "role_id", record)
    if creating:
        record.setdefault("role_id", state["users"][record["user_id"]].get("_role_id"))
        record.setdefault("billable", story["billable"] if story else True)
        rates: dict[str, Any] = state["account"]["rates"].get(str(workspace["rate_card_id"]), {})
        record.setdefault("rate_in_cents", rates.get(str(record["role_id"])))


def _expense(state: State, record: Record, creating: bool) -> None:
    _placed(state, record, creating)
    _found(state, "attachments", "receipt_id", record)
    _found(state, "vendors", "vendor_id", record)
    if "billable" in record:  # documented: written as billable, shown as is_billable
        record["is_billable"] = record.pop("billable")
    for name, value in (("receipt_id", None), ("vendor_id", None), ("is_billable", True), ("reimbursable", False)):
        record.setdefault(name, value)


def _seedable(rule: Callable[[State, Record, bool], None]) -> Callable[[State, Record, bool], None]:
    """A seed names a submission's items by their own ``recent_submission_id``, and may say how it was decided."""

    def check(state: State, record: Record, creating: bool) -> None:
        if record.get("id") and "line_item_ids" not in record:
            record.update({"status": "pending", "comment": None, "title": "Timesheet", **unresolved(), **record})
            record.setdefault("date", record["created_at"][:10])
            return
        rule(state, record, creating)

    return check


LINE_ITEM_RULES: dict[str, Callable[[State, Record, bool], None]] = {
    "time_entries": _time_entry,
    "expenses": _expense,
    "timesheet_submissions": _seedable(submission_rule("time_entries", "date_performed")),
    "expense_report_submissions": _seedable(submission_rule("expenses", "date")),
}


def shown_beside(state: State, plural: str, record: Record) -> Record:
    """What the API shows of a line item that nobody entered."""
    if plural not in {"time_entries", "expenses"}:
        return {}
    workspace = state["workspaces"][record["workspace_id"]]
    symbol, base = CURRENCIES[workspace["currency"]]
    beside: Record = {
        "is_invoiced": bool(record.get("is_invoiced")),
        "currency": workspace["currency"],
        "currency_symbol": symbol,
        "currency_base_unit": base,
    }
    if plural == "time_entries":
        return beside | {"approved": is_approved(state, plural, record)}
    return beside


def shown_of_approvals(state: State, workspace: Record) -> Record:
    """Whether a project asks for approvals."""
    return {
        "require_time_approvals": requires_approval(state, "time_entries", workspace),
        "require_expense_approvals": requires_approval(state, "expenses", workspace),
    }
