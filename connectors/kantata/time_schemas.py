"""Kantata's own shapes of time, expenses and what they are approved on: only the fields we use (official OpenAPI, 2026-11)."""

from datetime import datetime

from connectors.kantata.schemas import Referenced, Shape


class LineItem(Referenced):
    """What a time entry and an expense have in common; the ids are there because we ask for the associations."""

    updated_at: datetime
    workspace_id: str | None = None
    story_id: str | None = None
    user_id: str | None = None
    recent_submission_id: str | None = None
    notes: str | None = None


class TimeEntry(LineItem):
    """``approved`` is also true where the project asks for no approval; the rate is hidden from who may not see finances."""

    date_performed: str
    time_in_minutes: int
    billable: bool
    approved: bool
    currency: str | None = None
    rate_in_cents: int | None = None
    role_id: str | None = None


class Expense(LineItem):
    """It has no approved flag, and of tax only whether it is taxable when invoiced."""

    date: str
    amount_in_cents: int
    currency: str
    is_billable: bool
    category: str | None = None
    receipt_id: str | None = None
    vendor_id: str | None = None


class Submission(Shape):
    """A timesheet or an expense report. The resolution is the last approval, rejection or cancellation."""

    status: str
    updated_at: datetime
    current_resolution_creator_id: str | None = None
    current_resolution_created_at_date: datetime | None = None


class Approvals(Shape):
    """Whether a project asks for approvals."""

    require_expense_approvals: bool = True


class User(Shape):
    """A person; the address may be withheld."""

    email_address: str | None = None


class Attachment(Shape):
    """A receipt."""

    url: str | None = None


class RoleOnProject(Shape):
    """Who works on a project as what."""

    user_id: str | None = None
    role_name: str | None = None
