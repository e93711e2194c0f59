"""Kantata time entry and expense -> canonical ones. Pure: no I/O, no clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from canonical.exception import Finding
from canonical.money import Money
from canonical.project import ProjectState
from canonical.rules.door import admitted
from canonical.schema import trusted
from canonical.time_entry import ApprovalState, ExpenseItem, TimeEntry
from connectors.kantata import time_schemas as theirs

_NO_CURRENCY = "XXX"  # ISO 4217
_CENTS = Decimal("0.01")  # what they call subunits of a currency that they do not know either
_PURCHASE_ORDER = re.compile(r"^\s*PO:\s*(\S+)\s*$", re.MULTILINE)
_TAX = re.compile(r"^\s*(?:VAT|Tax):\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_UNDECIDED = {
    "new": ApprovalState.SUBMITTED,
    "pending": ApprovalState.SUBMITTED,
    "rejected": ApprovalState.REJECTED,
    "cancelled": ApprovalState.DRAFT,
}


@dataclass(frozen=True)
class Beside:
    """What stands beside the items of a page, by their ids: our names of projects and tasks, people, submissions and so on."""

    system: str
    zone: ZoneInfo
    projects: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, ProjectState] = field(default_factory=dict)
    tasks: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    submissions: Mapping[str, theirs.Submission] = field(default_factory=dict)


def time_entry(entry: theirs.TimeEntry, beside: Beside, *, role: str) -> TimeEntry:
    """Minutes become hours unrounded: what is rounded is the amount, once, when it is rated."""
    rate = _rate(entry.rate_in_cents, entry.currency) if entry.rate_in_cents is not None and entry.currency is not None else None
    fields: dict[str, Any] = {
        **_recorded(entry, beside, is_approved=entry.approved),
        "schema_version": TimeEntry.VERSION,
        "is_billable": entry.billable,
        "work_date": day_of(entry.date_performed, beside.zone),
        "hours": Decimal(entry.time_in_minutes) / 60,
        "role": role,
        "rate": rate if isinstance(rate, Money) else None,
        "refused": () if rate is None or isinstance(rate, Money) else (_about(rate, f"{beside.system}.{entry.id}"),),
    }
    return trusted(TimeEntry, fields)  # theirs was validated, and a month has hundreds of thousands


@lru_cache(maxsize=10_000)
def _rate(cents: int, currency: str) -> Money | Finding:
    """A firm has few rates and very many hours."""
    return _money(cents, currency, subject="")


def _money(cents: int, currency: str, *, subject: str) -> Money | Finding:
    try:
        return Money.from_minor_units(cents, currency)
    except ValueError:
        return admitted(cents * _CENTS, currency, subject=subject)


def _about(finding: Finding, subject: str) -> Finding:
    return finding.changed(
        subject=subject, sentence=f"{subject}{finding.sentence}", evidence={**finding.evidence, "entry": subject}
    )


def expense(
    item: theirs.Expense, beside: Beside, *, asks_approval: bool, is_subcontractor: bool, purchase_order: str, receipt_url: str
) -> ExpenseItem:
    """In its own currency. Kantata has no field for the recoverable tax in it: ``VAT: 190.00`` in the notes tells it."""
    submission = beside.submissions.get(item.recent_submission_id or "")
    is_under_way = submission is not None and _status(submission) not in {"rejected", "cancelled"}
    is_approved = submission is not None and _status(submission) == "approved"
    subject = f"{beside.system}.expense-{item.id}"
    amount = _money(item.amount_in_cents, item.currency, subject=subject)
    tax = tax_in(item.notes, item.currency, subject=subject) if isinstance(amount, Money) else None
    return ExpenseItem(
        **_recorded(item, beside, is_approved=is_approved or not (asks_approval or is_under_way)),
        is_billable=item.is_billable,
        spent_on=day_of(item.date, beside.zone),
        category=item.category or "",
        amount=amount if isinstance(amount, Money) else Money.of(0, _NO_CURRENCY),
        tax=tax if isinstance(tax, Money) else None,
        refused=tuple(one for one in (amount, tax) if isinstance(one, Finding)),
        purchase_order=purchase_order or purchase_order_in(item.notes),
        is_subcontractor=is_subcontractor,
        receipt_url=receipt_url,
    )


def state_of(submission: theirs.Submission | None, *, is_approved: bool) -> ApprovalState:
    """Theirs says approved or not; the submission says why not. What we do not know is not approved.

    The API tells no client approval apart from an approval, so nothing is ever pending at the client.
    """
    if is_approved:
        return ApprovalState.APPROVED
    return ApprovalState.DRAFT if submission is None else _UNDECIDED.get(_status(submission), ApprovalState.SUBMITTED)


def version(moment: datetime) -> str:
    """A time as a version: sorts as text. It has whole seconds, so a state is told when its second is over."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def deleted_version(moment: datetime) -> str:
    """After every other change of that second: nothing follows a deletion."""
    return f"{version(moment)}/deleted"


def day_of(told: str, zone: ZoneInfo) -> date:
    """A day of work is told as a date and stays it; should it come with a time, it is the day in the account's time zone."""
    if len(told) == len("2026-04-30"):
        return date.fromisoformat(told)
    moment = datetime.fromisoformat(told)
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()


def purchase_order_in(notes: str | None) -> str:
    """``PO: 4711`` on a line of its own."""
    found = _PURCHASE_ORDER.search(notes or "")
    return found[1] if found else ""


def tax_in(notes: str | None, currency: str, *, subject: str) -> Money | Finding | None:
    """``VAT: 190.00`` or ``Tax: 190.00`` on a line of its own, in the currency of the receipt; or why it cannot be read."""
    found = _TAX.search(notes or "")
    return admitted(found[1].replace(",", ""), currency, subject=subject) if found else None


def deleted_entry(system: str, number: str, at: datetime, zone: ZoneInfo) -> TimeEntry:
    """Of a deleted entry only that is known: its day is the day when it went, its hours are none."""
    return TimeEntry(**_gone(system, number, at), work_date=at.astimezone(zone).date(), hours=Decimal(0))


def deleted_expense(system: str, number: str, at: datetime, zone: ZoneInfo) -> ExpenseItem:
    """The same of an expense; its amount is none, of no currency."""
    return ExpenseItem(**_gone(system, number, at), spent_on=at.astimezone(zone).date(), amount=Money.of(0, _NO_CURRENCY))


def _gone(system: str, number: str, at: datetime) -> dict[str, Any]:
    return {
        "system": system,
        "source_id": number,
        "source_version": deleted_version(at),
        "state": ApprovalState.DELETED,
        "changed_at": at,
    }


def _recorded(item: theirs.LineItem, beside: Beside, *, is_approved: bool) -> dict[str, Any]:
    submission = beside.submissions.get(item.recent_submission_id or "")
    changed = max(item.updated_at, submission.updated_at) if submission else item.updated_at
    resolved = submission if submission and is_approved and _status(submission) == "approved" else None
    return {
        "system": beside.system,
        "source_id": item.id,
        "source_version": version(changed),
        "project": beside.projects.get(item.workspace_id or "", ""),
        "project_state": beside.states.get(item.workspace_id or ""),
        "task": beside.tasks.get(item.story_id or "", ""),
        "person": beside.people.get(item.user_id or "", item.user_id or ""),
        "state": state_of(submission, is_approved=is_approved),
        "approved_by": beside.people.get(resolved.current_resolution_creator_id or "", "") if resolved else "",
        "approved_at": resolved.current_resolution_created_at_date if resolved else None,
        "changed_at": changed,
        "note": item.notes or "",
    }


def _status(submission: theirs.Submission) -> str:
    return submission.status.lower()
