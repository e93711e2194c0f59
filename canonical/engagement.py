"""An engagement as boards and commands see it."""

from datetime import datetime

from canonical.money import Money
from canonical.schema import Part


class EngagementRow(Part):
    """The board's row of an engagement; only the fields given are changed."""

    reference: str
    status: str | None = None
    title: str | None = None
    customer: str | None = None
    entity: str | None = None
    correlation: str | None = None
    version: int | None = None
    value: Money | None = None
    executed_at: datetime | None = None
    activated_at: datetime | None = None
    targets: dict[str, str] | None = None
    note: str | None = None
