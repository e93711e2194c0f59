"""Time entries, expenses and the submissions they are approved on, as data (official OpenAPI, read 2026-11)."""

from sandbox.kantata.kind import COMMON_INCLUDES, REFERENCE, Kind, reference_data

_ALL = frozenset({"list", "show", "create", "update", "delete"})
_PLACED = {
    "role": ("role_id", "roles"),
    "story": ("story_id", "stories"),
    "user": ("user_id", "users"),
    "workspace": ("workspace_id", "workspaces"),
}


def _submitted(plural: str) -> dict[str, tuple[str, str]]:
    return {"active_submission": ("active_submission_id", plural), "recent_submission": ("recent_submission_id", plural)}


TIME_ENTRIES = Kind(
    "time_entries",
    "time_entry",
    "TimeEntry",
    fields={
        "workspace_id": "id",
        "date_performed": "date",
        "time_in_minutes": "int",
        "billable": "bool",
        "rate_in_cents": "int",
        "notes": "text",
        "role_id": "id",
        "story_id": "id",
        "user_id": "id",
        "taxable": "bool",
    }
    | REFERENCE,
    required=("workspace_id", "date_performed", "time_in_minutes"),
    bulk=100,
    includes=_submitted("timesheet_submissions") | _PLACED | COMMON_INCLUDES,
    orders=("created_at", "date_performed", "updated_at"),
    default_order="date_performed:desc",
    may=_ALL,
)

EXPENSES = Kind(
    "expenses",
    "expense",
    "Expense",
    fields={
        "workspace_id": "id",
        "date": "date",
        "category": "text",
        "amount_in_cents": "int",
        "user_id": "id",
        "notes": "text",
        "billable": "bool",
        "receipt_id": "id",
        "story_id": "id",
        "vendor_id": "id",
        "reimbursable": "bool",
        "taxable": "bool",
    }
    | REFERENCE,
    required=("workspace_id", "date", "category", "amount_in_cents"),
    bulk=100,
    includes=_submitted("expense_report_submissions")
    | _PLACED
    | {"receipt": ("receipt_id", "attachments"), "vendor": ("vendor_id", "vendors")}
    | COMMON_INCLUDES,
    orders=("amount", "category", "created_at", "date", "notes", "vendor_name"),  # documented: not by updated_at
    default_order="date:desc",
    may=_ALL,
)


def _submission_kind(plural: str, singular: str, subject_type: str, items: str, orders: tuple[str, ...], order: str) -> Kind:
    item_ids = "time_entry_ids" if items == "time_entries" else "expense_ids"
    return Kind(
        plural,
        singular,
        subject_type,
        fields={"line_item_ids": "ids", "user_id": "id", "title": "text", "workspace_id": "id", "comment": "text"} | REFERENCE,
        required=("line_item_ids", "title", "workspace_id"),
        includes={items: (item_ids, items), "user": _PLACED["user"], "workspace": _PLACED["workspace"]} | COMMON_INCLUDES,
        orders=orders,
        default_order=order,
        may=frozenset({"list", "show", "create"}),
    )


TIMESHEETS = _submission_kind(
    "timesheet_submissions", "timesheet_submission", "TimesheetSubmission", "time_entries", ("date",), "date:desc"
)
EXPENSE_REPORTS = _submission_kind(
    "expense_report_submissions",
    "expense_report_submission",
    "ExpenseReportSubmission",
    "expenses",
    ("amount", "created_at", "date", "status", "title", "workspace_title"),
    "created_at:desc",
)
SUBMISSIONS = {"timesheet_submissions": TIME_ENTRIES, "expense_report_submissions": EXPENSES}
SUBMITTED_ON = {"time_entries": TIMESHEETS, "expenses": EXPENSE_REPORTS}

LINE_ITEM_KINDS = (
    TIME_ENTRIES,
    EXPENSES,
    TIMESHEETS,
    EXPENSE_REPORTS,
    reference_data("vendors", "vendor", "Vendor"),
    reference_data("attachments", "attachment", "Attachment"),
)
