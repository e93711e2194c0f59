"""Timesheets and expense reports: line items of one project are submitted together, then approved, rejected or cancelled."""

from collections.abc import Callable
from datetime import datetime

from sandbox.kantata import changes
from sandbox.kantata.index import Record, State, enter, having
from sandbox.kantata.line_item_kinds import SUBMISSIONS
from sandbox.kantata.refusals import Invalid, Refusal

_OUTCOMES = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}
_MAY_FOLLOW = {"approve": {"pending"}, "reject": {"pending", "approved"}, "cancel": {"pending", "approved"}}
_REQUIRED_BY = {"time_entries": "require_time_approvals", "expenses": "require_expense_approvals"}


def submission_of(state: State, item: Record) -> Record | None:
    """What a line item was submitted on last."""
    plural = "timesheet_submissions" if "date_performed" in item else "expense_report_submissions"
    found: Record | None = state[plural].get(item.get("recent_submission_id"))
    return found


def is_active(submission: Record | None) -> bool:
    """Pending or approved."""
    return submission is not None and submission["status"] in {"pending", "approved"}


def is_approved(state: State, plural: str, item: Record) -> bool:
    """On an approved submission, or in a project that asks for no approval."""
    submission = submission_of(state, item)
    if submission is not None and is_active(submission):
        return bool(submission["status"] == "approved")
    return not requires_approval(state, plural, state["workspaces"][item["workspace_id"]])


def requires_approval(state: State, plural: str, workspace: Record) -> bool:
    """As the project says, else as the account does."""
    return bool(workspace.get(_REQUIRED_BY[plural], state["account"]["require_approvals"]))


def submission_rule(items: str, day: str) -> Callable[[State, Record, bool], None]:
    """Documented: items of one project; none of them on another submission that is under way."""

    def check(state: State, record: Record, creating: bool) -> None:
        if "status" in record:
            return
        found = [state[items][number] for number in record["line_item_ids"] if number in state[items]]
        if len(found) != len(record["line_item_ids"]) or any(i["workspace_id"] != record["workspace_id"] for i in found):
            raise Invalid([("line_item_ids", "line_item_ids must be line items of that project")])
        if not found or any(is_active(submission_of(state, item)) for item in found):
            raise Invalid([("line_item_ids", "there are no line items, or some are already submitted")])
        record |= {"status": "pending", "date": min(item[day] for item in found), "comment": record.get("comment")}
        record |= unresolved()

    return check


def unresolved() -> Record:
    """A submission nobody has decided on."""
    return {
        "current_resolution_creator_id": None,
        "current_resolution_created_at_date": None,
        "current_resolution_description": None,
    }


def submit(state: State, plural: str, submission: Record) -> None:
    """Put the items on it. Documented: an item belongs to the most recent one only."""
    items = SUBMISSIONS[plural].plural
    for number in submission.pop("line_item_ids", []):
        state[items][number]["recent_submission_id"] = submission["id"]
        enter(state, items, state[items][number])


def items_on(state: State, plural: str, submission: Record) -> list[Record]:
    """The items of which it is the most recent submission."""
    return having(state, SUBMISSIONS[plural].plural, "recent_submission_id", submission["id"])


def resolve(state: State, plural: str, submission: Record, action: str, *, text: str, user: Record, now: datetime) -> None:
    """Approve, reject or cancel it."""
    if action not in _OUTCOMES:
        raise Refusal(404)
    if submission["status"] not in _MAY_FOLLOW[action]:
        raise Invalid([("status", f"a submission that is {submission['status']} cannot be made {_OUTCOMES[action]}")])
    changes.forget(state, plural, submission)
    submission |= {
        "status": _OUTCOMES[action],
        "current_resolution_creator_id": user["user_id"],
        "current_resolution_created_at_date": now.isoformat(),
        "current_resolution_description": text,
        "updated_at": now.isoformat(),
    }
    enter(state, plural, submission)
    if state["account"]["approvals_touch_line_items"]:
        touch(state, SUBMISSIONS[plural].plural, items_on(state, plural, submission), now)


def touch(state: State, plural: str, items: list[Record], now: datetime) -> None:
    """Mark items as changed now."""
    for item in items:
        changes.forget(state, plural, item)
        item["updated_at"] = now.isoformat()
        enter(state, plural, item)


def refuse_if_submitted(state: State, item: Record) -> None:
    """What is on a submission under way can neither be changed nor deleted."""
    if is_active(submission_of(state, item)):
        raise Invalid([("base", "This line item is on a submission that is pending or approved and cannot be changed")])
