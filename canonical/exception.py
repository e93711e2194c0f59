"""Work for people: what is wrong in business words, what it blocks, who owns it, and what they decided."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from canonical.money import Money
from canonical.schema import Canonical, Part, published

PROPOSER = "proposed_by"
"""The evidence of a case that names who proposed what waits for approval: never the one who may approve it."""


class Finding(Part):
    """One thing that stands in the way, found by a control point or met in a step; not yet a row in the queue.

    ``subject`` tells several of one code apart (the workstream, the field, the milestone).
    """

    code: str
    sentence: str
    remedy: str
    subject: str = ""
    money: Money | None = None
    evidence: dict[str, str] = {}
    can_override: bool = True


class Decision(StrEnum):
    """What a person may decide about an exception."""

    RETRY = "retry"
    OVERRIDE = "override"
    ADOPT = "adopt"
    REJECT = "reject"


class CaseState(StrEnum):
    """Where an exception stands; PROPOSED waits for the second pair of eyes."""

    OPEN = "open"
    PROPOSED = "proposed"
    SETTLED = "settled"
    RESOLVED = "resolved"


@published
class Case(Canonical):
    """An exception in the queue. ``key`` is its business key: the same trouble found again is the same case.

    ``asking`` names the one time that a workflow asked for it: asked again for the same time (its worker died before it heard the
    number), the answer is that case even when a person has settled it meanwhile, so that no decision is lost.
    """

    number: int = 0
    key: str
    code: str
    sentence: str
    remedy: str
    subject: str = ""
    evidence: dict[str, str] = {}
    can_override: bool = True
    money_amount: Decimal | None = None
    money_currency: str | None = None
    engagement: str = ""
    customer: str = ""
    project: str = ""
    entity: str = ""
    correlation: str = ""
    control_point: str = ""
    workflow_id: str = ""
    step: str = ""
    asking: str = ""
    owner_role: str = ""
    state: CaseState = CaseState.OPEN
    opened_at: datetime | None = None
    due_at: datetime | None = None
    snoozed_until: datetime | None = None
    escalations: int = 0
    assignee: str = ""
    ticket: str = ""
    decision: Decision | None = None
    decided_by: str = ""
    approved_by: str = ""
    reason: str = ""
    adopt: str = ""
    settled_at: datetime | None = None


class Settlement(Part):
    """A final decision, as the waiting workflow hears it."""

    number: int
    decision: Decision
    actor: str
    reason: str = ""
    approved_by: str = ""
    adopt: str = ""


def settlement_of(case: Case) -> Settlement:
    """The final decision that a settled case holds."""
    return Settlement(
        number=case.number,
        decision=case.decision or Decision.RETRY,
        actor=case.decided_by,
        reason=case.reason,
        approved_by=case.approved_by,
        adopt=case.adopt,
    )


class CaseTerms(Part):
    """What policy says of an exception: who owns it and until when it should be settled."""

    owner_role: str
    due_at: datetime


def queued(finding: Finding, terms: CaseTerms, opened_at: datetime, **facts: Any) -> Case:
    """A finding as an exception that is owned and due, under its code and subject; ``facts`` are the other fields of the case."""
    given: dict[str, Any] = {
        "key": f"{finding.code}/{finding.subject}",
        **finding.model_dump(include={"code", "sentence", "remedy", "subject", "evidence", "can_override"}),
        "money_amount": finding.money.amount if finding.money else None,
        "money_currency": finding.money.currency if finding.money else None,
        "owner_role": terms.owner_role,
        "opened_at": opened_at,
        "due_at": terms.due_at,
    }
    return Case(**{**given, **facts})
