"""The filters, defaults and sort fields of time entries, expenses and their submissions."""

from collections.abc import Mapping

from sandbox.kantata.filters import Filter, Test, between_days, is_true, one_of
from sandbox.kantata.index import Record, State
from sandbox.kantata.kind import Kind
from sandbox.kantata.submissions import is_active, is_approved, submission_of

SORTED_BY = {("expenses", "amount"): "amount_in_cents"}


def passes_defaults(state: State, kind: Kind, record: Record, query: Mapping[str, str]) -> bool:
    """What a list leaves out unless it is asked for; a wider or another list, by the wording of each type's parameter."""
    match kind.plural:
        case "time_entries":  # "If true, includes time entries from archived projects"
            return is_true(query.get("from_archived_workspaces")) or not _is_buried(state, record)
        case "expenses":  # "Filter for expenses from archived projects": those only, to be strict
            return _is_buried(state, record) == is_true(query.get("from_archived_workspaces"))
        case "expense_report_submissions":  # the caller's own unless all are asked for
            return is_true(query.get("all_on_account")) or record["user_id"] == query.get("_caller")
    return True


def _is_buried(state: State, record: Record) -> bool:
    return bool(state["workspaces"][record["workspace_id"]]["archived"])


def _has_active_submission(state: State, value: str) -> Test:
    return lambda record: is_active(submission_of(state, record)) == is_true(value)


def _approved(plural: str) -> Filter:
    return lambda state, _: lambda record: is_approved(state, plural, record)


def _not_taken_back(state: State, value: str) -> Test:
    return lambda record: str(record.get("recent_submission_id")) == value and is_active(submission_of(state, record))


def _statuses(_: State, value: str) -> Test:
    wanted = {"pending" if each == "new" else each for each in value.split(",")}
    return lambda record: record["status"] in wanted


_OF_PROJECTS = {"workspace_id": one_of("workspace_id"), "workspace_ids": one_of("workspace_id")}
_SUBMISSIONS = _OF_PROJECTS | {
    "user_ids": one_of("user_id"),
    "statuses": _statuses,
    "active": lambda _, value: lambda record: not is_true(value) or is_active(record),
    "not_cancelled": lambda _, value: lambda record: not is_true(value) or record["status"] != "cancelled",
}
OWN: dict[str, dict[str, Filter]] = {
    "time_entries": _OF_PROJECTS
    | {
        "approved": _approved("time_entries"),
        "billable": lambda _, value: lambda record: record["billable"] == is_true(value),
        "date_performed_between": between_days("date_performed"),
        "in_active_submission": _has_active_submission,
        "with_recent_timesheet_ids": one_of("recent_submission_id"),
        "with_timesheet_id": _not_taken_back,
        "with_user_ids": one_of("user_id"),
        "created_by": one_of("user_id"),
    },
    "expenses": _OF_PROJECTS
    | {
        "approved": _approved("expenses"),
        "date_expensed_between": between_days("date"),
        "with_recent_expense_report_ids": one_of("recent_submission_id"),
        "with_expense_report_id": _not_taken_back,
        "reimbursable": lambda _, value: lambda record: record["reimbursable"] == is_true(value),
    },
    "timesheet_submissions": _SUBMISSIONS,
    "expense_report_submissions": _SUBMISSIONS,
}
