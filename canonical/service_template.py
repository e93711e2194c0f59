"""What delivering a sold service looks like: phases, tasks, roles (R47); the firm's own are in policies/contracts."""

from decimal import Decimal

from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class TaskTemplate(Part):
    """A task of a phase; ``share`` is its part of the line's planned hours."""

    reference: Reference
    title: str
    role: str = ""
    share: Decimal = Decimal(1)
    is_billable: bool = True


class PhaseTemplate(Part):
    """A phase; ``share`` is its part of the line's time."""

    reference: Reference
    title: str
    share: Decimal = Decimal(1)
    tasks: tuple[TaskTemplate, ...] = ()


@published
class ServiceTemplate(Canonical):
    """How a service is delivered and accounted for."""

    reference: Reference
    title: str
    phases: tuple[PhaseTemplate, ...]
    practice: str = ""
    revenue_treatment: str = "point_in_time"
    documents: tuple[str, ...] = ("01 Contract", "02 Delivery", "03 Acceptance")
