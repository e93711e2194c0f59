"""The exception queue, as workflows use it: open, and close what no longer holds."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel
from temporalio import activity

from activities.books import Cases, Clock, Engagements, Writes
from activities.ports import ActivationPolicy
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.exception import Case, Decision, Finding, Settlement, settlement_of
from canonical.money import Money
from canonical.provenance import Origin


class OpenCases(BaseModel):
    """Findings that need a person, and who waits for the answer."""

    origin: Origin
    findings: list[Finding]
    control_point: str
    entity: str = ""
    customer: str = ""
    project: str = ""
    money: Money | None = None
    status: EngagementStatus | None = None
    asking: str = ""


class Opened(BaseModel):
    """The numbers of the cases, in the order of the findings; ``settled`` when a person was quicker than the worker."""

    numbers: list[int]
    settled: list[Settlement] = []


class ResolveCases(BaseModel):
    """Cases that no longer hold; each is named by its number's key."""

    origin: Origin
    keys: list[str]
    reason: str


class Carry(BaseModel):
    """A person's decision on a write whose outcome was unknown."""

    key: str
    settlement: Settlement


@dataclass(frozen=True)
class CaseActivities:
    """Work for people."""

    cases: Cases
    engagements: Engagements
    writes: Writes
    policy: ActivationPolicy
    clock: Clock

    @activity.defn
    async def open_cases(self, request: OpenCases) -> Opened:
        """Put findings into the queue with owner and due time; the board shows that the engagement waits."""
        now = await self.clock.now()
        numbers = await self.cases.open([self._case(request, finding, now) for finding in request.findings])
        if request.status is not None:
            note = "; ".join(finding.sentence for finding in request.findings)
            await self.engagements.update(EngagementRow(reference=request.origin.engagement, status=request.status, note=note))
        settled = await self.cases.settled_of(numbers)
        return Opened(numbers=numbers, settled=[settlement_of(case) for case in settled])

    @activity.defn
    async def resolve_cases(self, request: ResolveCases) -> int:
        """Close cases that no longer hold."""
        return await self.cases.resolve(request.keys, actor=request.origin.actor, reason=request.reason)

    @activity.defn
    async def carry_settlement(self, carry: Carry) -> None:
        """Tell the write protocol what a person found in the target system."""
        settlement = carry.settlement
        adopt = settlement.adopt if settlement.decision is Decision.ADOPT else None
        await self.writes.settle(carry.key, adopt=adopt, actor=settlement.actor, reason=settlement.reason)

    def _case(self, request: OpenCases, finding: Finding, now: datetime) -> Case:
        origin = request.origin
        terms = self.policy.case_terms(finding.code, request.entity, now)
        money = finding.money or request.money
        return Case(
            key=case_key(origin, finding),
            code=finding.code,
            sentence=finding.sentence,
            remedy=finding.remedy,
            subject=finding.subject,
            evidence=finding.evidence,
            can_override=finding.can_override,
            money_amount=money.amount if money else None,
            money_currency=money.currency if money else None,
            engagement=origin.engagement,
            customer=request.customer,
            project=request.project,
            entity=request.entity,
            correlation=origin.correlation,
            control_point=request.control_point,
            workflow_id=origin.workflow,
            step=origin.step,
            asking=request.asking,
            owner_role=terms.owner_role,
            opened_at=now,
            due_at=terms.due_at,
        )


def case_key(origin: Origin, finding: Finding) -> str:
    """The business key of a case: the same trouble of the same engagement is one case."""
    return "/".join(part for part in (finding.code, origin.engagement, origin.step, finding.subject) if part)
