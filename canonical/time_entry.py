"""Time and expenses as people recorded them, with the state of their approval; what they are worth is said by rating."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from canonical.exception import Finding
from canonical.money import Money
from canonical.project import ProjectState
from canonical.schema import Canonical, Part, published

_EXPENSE = "expense-"


class ApprovalState(StrEnum):
    """Where an entry stands; only approved ones are ever billed (R61)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PENDING_CLIENT = "pending_client"
    APPROVED = "approved"
    REJECTED = "rejected"
    DELETED = "deleted"


class Recorded(Part):
    """What time and expenses have in common.

    ``system`` and ``source_id`` name the record, ``source_version`` sorts as text and grows with each change of it. ``project``
    and ``task`` are our references where the record bears one, else empty: an entry without them is an exception, never dropped.
    ``project_state`` is told where the record comes with it; ``refused`` is what the door has against its money.
    """

    system: str
    source_id: str
    source_version: str
    project: str = ""
    project_state: ProjectState | None = None
    task: str = ""
    person: str = ""
    is_billable: bool = True
    state: ApprovalState
    approved_by: str = ""
    approved_at: datetime | None = None
    changed_at: datetime | None = None
    note: str = ""
    refused: tuple[Finding, ...] = ()

    @property
    def reference(self) -> str:
        """Our name for it: kantata.48211."""
        return f"{self.system}.{self.source_id}"


@published
class TimeEntry(Canonical, Recorded):
    """Hours of a person on a day. ``role`` is the labor category; ``rate`` what the PSA believes an hour costs, to compare."""

    work_date: date
    hours: Decimal
    role: str = ""
    rate: Money | None = None


@published
class ExpenseItem(Canonical, Recorded):
    """An expense. ``amount`` is what was paid, tax included; ``tax`` the recoverable tax in it (S26).

    ``purchase_order`` is the subcontractor's, which a subcontractor's cost must name (R58).
    """

    spent_on: date
    category: str = ""
    amount: Money
    tax: Money | None = None
    purchase_order: str = ""
    is_subcontractor: bool = False
    receipt_url: str = ""

    @property
    def reference(self) -> str:
        """Our name for it: kantata.expense-311, since systems number time and expenses each by themselves."""
        return f"{self.system}.{_EXPENSE}{self.source_id}"


def record_named(reference: str) -> tuple[str, bool, str]:
    """The system, whether it is an expense, and the id there, of what we call by that reference."""
    system, _, record = reference.partition(".")
    number = record.removeprefix(_EXPENSE)
    return system, number != record, number
