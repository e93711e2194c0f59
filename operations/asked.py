"""What people ask for and what they get back: the results of operations, the same for command line, API and console."""

from datetime import datetime

from pydantic import BaseModel

from canonical.exception import CaseState, Decision


class Started(BaseModel):
    """A handoff was asked for; ``is_new`` is false when this very request had been made before."""

    contract: str
    inbox_number: int | None
    is_new: bool
    workflow_id: str


class Cancelled(BaseModel):
    """A running handoff is being withdrawn."""

    contract: str
    workflow_id: str


class Settled(BaseModel):
    """What became of a decision: final, waiting for the second pair of eyes, or declined by it (the exception is open)."""

    number: int
    state: CaseState
    decision: Decision
    needs_approval_by: str = ""


class Happened(BaseModel):
    """One line of an engagement's story; ``code`` is that of the exception it is about, if it is about one."""

    at: datetime
    sequence: int
    action: str
    step: str
    system: str
    kind: str
    code: str = ""
    source_id: str
    target_id: str
    key: str
    outcome: str
    actor: str
    correlation: str
    version: str
    details: dict[str, str] = {}


class Delivered(BaseModel):
    """A delivery in the inbox, as part of the story."""

    number: int
    source: str
    event_id: str
    kind: str
    received_at: datetime
    deliveries: int
    outcome: str


class Story(BaseModel):
    """Everything that is kept of an engagement, from our own store; the engine's retention does not matter (S34)."""

    contract: str
    title: str
    status: str
    customer: str
    entity: str
    value: str
    correlation: str
    targets: dict[str, str]
    deliveries: list[Delivered]
    happened: list[Happened]


class Counts(BaseModel):
    """What came in and what it came to."""

    deliveries: int
    duplicates: int
    taken: int
    parked: int
    conflicting: int
    refused_signatures: dict[str, int] = {}
