"""Facts that arrive from outside: an event is a hint, the record it names is re-read (DESIGN 4)."""

from datetime import datetime
from enum import StrEnum

from canonical.schema import Canonical, Part, published


class FactKind(StrEnum):
    """What an event says happened, in our words."""

    DEAL_WON = "deal_won"
    CONTRACT_EXECUTED = "contract_executed"
    CONTRACT_VOIDED = "contract_voided"
    RECORD_CHANGED = "record_changed"
    MILESTONE_ACCEPTANCE = "milestone_acceptance"


@published
class InboundEvent(Canonical):
    """One delivery, verified: who sent it, which of their records it is about, and what they call the event.

    ``event_id`` is the sender's own id, the same over redeliveries; ``object_version`` the sender's version of the record.
    ``contract`` is our reference where the delivery carries it; routing only, never believed further. ``claims`` is what
    the delivery says of the record (``version``, ``value`` ...); it is compared, and a claim that differs is an exception.
    """

    source: str
    event_id: str
    kind: FactKind
    object_kind: str
    object_id: str
    object_version: str = ""
    contract: str | None = None
    occurred_at: datetime | None = None
    claims: dict[str, str] = {}


class Acknowledgement(Part):
    """What a sender wants to hear back: status, content type and body."""

    status: int = 202
    media_type: str = "application/json"
    body: str = '{"accepted": true}'


class InboxRow(Part):
    """A stored delivery on its way to Temporal; ``deliveries`` counts how often it came."""

    number: int
    event: InboundEvent
    received_at: datetime
    deliveries: int = 1
    contract: str | None = None
