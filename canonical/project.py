"""The project: its phases, tasks, milestones, staffing and dimensions, and the states it may move through."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from canonical.errors import MoveRefused
from canonical.money import Currency, Money
from canonical.period import Period
from canonical.quote import BillingKind
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class ProjectState(StrEnum):
    """Where a project stands; one definition for all teams (R35)."""

    PLANNED = "planned"
    ACTIVE = "active"
    COMPLETED = "completed"
    ARCHIVED = "archived"


ALLOWED = {
    (ProjectState.PLANNED, ProjectState.ACTIVE),
    (ProjectState.PLANNED, ProjectState.ARCHIVED),
    (ProjectState.ACTIVE, ProjectState.COMPLETED),
    (ProjectState.ACTIVE, ProjectState.ARCHIVED),
    (ProjectState.COMPLETED, ProjectState.ACTIVE),
    (ProjectState.COMPLETED, ProjectState.ARCHIVED),
}


class Task(Part):
    """Work that time is recorded on; no time is captured against anything else (R53)."""

    reference: Reference
    title: str
    role: str = ""
    hours: Decimal = Decimal(0)
    is_billable: bool = True


class Phase(Part):
    """A phase of one contract line (work breakdown structure)."""

    reference: Reference
    title: str
    line: Reference
    workstream: str = ""
    period: Period
    tasks: tuple[Task, ...] = ()


class Milestone(Part):
    """A milestone whose acceptance bills ``amount``."""

    reference: Reference
    title: str
    line: Reference
    workstream: str = ""
    amount: Money
    due: date | None = None
    after: tuple[Reference, ...] = ()


class StaffingNeed(Part):
    """An unnamed role wanted from resource management."""

    reference: Reference
    role: str
    hours: Decimal
    period: Period
    workstream: str = ""


class Dimensions(Part):
    """What every accounting entry of the project carries unchanged (R69)."""

    practice: str = ""
    region: str = ""
    revenue_treatment: str = ""
    cost_center: str = ""


class BillingTerm(Part):
    """How one line of the project is billed, so that PSA and contract can be compared (R54)."""

    line: Reference
    kind: BillingKind
    amount: Money


@published
class Project(Canonical):
    """A project as sold: what PSA and ERP must both say."""

    reference: Reference
    title: str
    entity: str
    customer: Reference
    currency: Currency
    period: Period
    value: Money
    state: ProjectState = ProjectState.PLANNED
    phases: tuple[Phase, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    staffing: tuple[StaffingNeed, ...] = ()
    billing: tuple[BillingTerm, ...] = ()
    dimensions: Dimensions = Dimensions()

    def moved_to(self, state: ProjectState) -> "Project":
        """The project in its next state; a move that is not allowed is refused."""
        if (self.state, state) not in ALLOWED:
            raise MoveRefused(
                f"Project {self.reference} is {self.state} and cannot become {state}",
                remedy=f"To make it {state} you must first bring it to a state that allows it.",
            )
        return self.model_copy(update={"state": state})


class ProjectRecord(Part):
    """A project as a vendor's system holds it, read back for comparison."""

    target_id: str
    reference: str = ""
    title: str = ""
    state: ProjectState
    value: Money | None = None
    phases: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    milestones: dict[str, Money] = {}
    url: str = ""
