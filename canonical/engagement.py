"""The board's row of an engagement."""

from datetime import datetime
from enum import StrEnum

from canonical.money import Money
from canonical.schema import Part


class EngagementStatus(StrEnum):
    """The business status checkpoints of an engagement (R146)."""

    RECEIVED = "received"
    PARKED = "parked"
    WAITING = "waiting"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    PARTLY_ACTIVE = "partly_active"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


class EngagementRow(Part):
    """Where an engagement stands; an update changes only the fields given. ``targets`` maps what was made to its id there.

    ``left_out`` is what of the value was never handed over: workstreams that people left out for good (S14).
    """

    reference: str
    status: EngagementStatus | None = None
    title: str | None = None
    customer: str | None = None
    entity: str | None = None
    correlation: str | None = None
    version: int | None = None
    value: Money | None = None
    left_out: Money | None = None
    executed_at: datetime | None = None
    activated_at: datetime | None = None
    targets: dict[str, str] | None = None
    note: str | None = None
