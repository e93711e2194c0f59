"""Waiting for people: findings become cases in the queue, the workflow goes on from the same step when each is settled."""

from dataclasses import dataclass, field

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError

with workflow.unsafe.imports_passed_through():
    from activities.case import CaseActivities, OpenCases, ResolveCases, case_key
    from canonical.engagement import EngagementStatus
    from canonical.exception import Decision, Finding, Settlement
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows import options
    from workflows.saga import stop_if_cancelled
    from workflows.search_attributes import where

REJECTED = "HandoffRejected"
OUTAGE = "OUTAGE"


@dataclass
class Subject:
    """Whose exceptions these are, for the queue's columns; ``money`` is at risk where a finding does not say its own."""

    control_point: str = "contract_activation"
    entity: str = ""
    customer: str = ""
    project: str = ""
    money: Money | None = None


@dataclass
class Desk:
    """The cases this workflow waits for, by number; ``left`` are those it went away from, which nobody waits for any more.

    ``asking`` counts the askings whose numbers have not come back: the queue shows a case before this workflow knows its number,
    and a person (or an engine that hands over a decision and the number in one task, the decision first) may be that quick.
    """

    waiting: dict[int, Finding] = field(default_factory=dict)
    settled: dict[int, Settlement] = field(default_factory=dict)
    left: list[tuple[Origin, Finding]] = field(default_factory=list)
    asking: int = 0
    changes: int = 0


class Reviewed:
    """Base of workflows that wait for people; ``settle`` is what `handoff exceptions settle` calls."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.subject = Subject()

    @workflow.update
    async def settle(self, settlement: Settlement) -> str:
        """A person's final decision on one case."""
        self.desk.settled[settlement.number] = settlement
        return workflow.info().workflow_id

    @settle.validator
    def _may_settle(self, settlement: Settlement) -> None:
        finding = self.desk.waiting.get(settlement.number)
        if finding is None and not self.desk.asking:
            raise ApplicationError(f"Exception {settlement.number} is not waited for here", type="NotWaiting", non_retryable=True)
        if settlement.decision is Decision.OVERRIDE and finding is not None and not finding.can_override:
            raise ApplicationError(
                f"{finding.code} cannot be overridden. {finding.remedy}", type="NoOverride", non_retryable=True
            )
        if settlement.decision is Decision.ADOPT and not settlement.adopt:
            raise ApplicationError(
                "To adopt a record you must give its id in the target system", type="NothingToAdopt", non_retryable=True
            )

    @workflow.signal
    def records_changed(self) -> None:
        """Something in a source system changed: what waits on data looks again."""
        self.desk.changes += 1

    @workflow.query
    def waits_for(self) -> list[int]:
        """The numbers of the cases that this workflow waits for."""
        return sorted(self.desk.waiting)

    async def reviewed(
        self, origin: Origin, findings: list[Finding], *, status: EngagementStatus | None, seen: int | None = None
    ) -> list[tuple[Finding, Settlement]]:
        """Open a case for each finding and wait until all are settled, one is rejected, or the records changed.

        ``status`` is what the board says of the engagement meanwhile, unless its state is not what waits.
        ``seen`` is the count of changes when the findings were looked for: a change since then must not be missed. Answers the
        findings that were settled (records may change before all are). Raises HandoffRejected when one is rejected.
        """
        known = self.desk.changes if seen is None else seen
        waited = [(origin, finding) for finding in findings]
        self.desk.left += waited  # taken off the list when this ends as it should
        asked = await self._opened(origin, findings, status)
        workflow.upsert_search_attributes(where(status=status.value if status else "waiting", code=findings[0].code))
        try:
            await workflow.wait_condition(lambda: self._may_go_on(list(asked), known))
        finally:
            for number in asked:
                self.desk.waiting.pop(number, None)
        answers = [(finding, self.desk.settled.pop(number)) for number, finding in asked.items() if number in self.desk.settled]
        for _, answer in answers:
            if answer.decision is Decision.REJECT:
                raise rejected_by(answer)
        self.desk.left = [one for one in self.desk.left if one not in waited]
        return answers

    async def _opened(self, origin: Origin, findings: list[Finding], status: EngagementStatus | None) -> dict[int, Finding]:
        """The numbers of the cases; a decision that was quicker than this answer is taken with it."""
        asking = str(workflow.uuid4())
        request = OpenCases(origin=origin, findings=findings, status=status, asking=asking, **vars(self.subject))
        self.desk.asking += 1
        try:
            opened = await workflow.execute_activity_method(
                CaseActivities.open_cases, request, task_queue=options.LEDGER, summary="open exceptions", **options.BOOKS
            )
        finally:
            self.desk.asking -= 1
        stop_if_cancelled()
        asked = dict(zip(opened.numbers, findings, strict=True))
        self.desk.waiting.update(asked)
        self.desk.settled.update({word.number: word for word in opened.settled})
        return asked

    async def open_only(self, origin: Origin, findings: list[Finding]) -> None:
        """Work for people that this workflow does not wait for."""
        request = OpenCases(origin=origin, findings=findings, **vars(self.subject))
        await workflow.execute_activity_method(
            CaseActivities.open_cases, request, task_queue=options.LEDGER, summary="open exceptions", **options.BOOKS
        )

    def _may_go_on(self, numbers: list[int], seen: int) -> bool:
        answers = [self.desk.settled[number] for number in numbers if number in self.desk.settled]
        is_rejected = any(answer.decision is Decision.REJECT for answer in answers)
        return is_rejected or len(answers) == len(numbers) or self.desk.changes != seen

    async def resolved(self, origin: Origin, findings: list[Finding], why: str) -> None:
        """Close the cases of findings that no longer hold."""
        await self._close(origin, [case_key(origin, finding) for finding in findings], why)

    async def leave(self, why: str) -> None:
        """Close the cases that this workflow went away from, so that nobody works on what no longer matters."""
        left, self.desk.left = self.desk.left, []
        if left:
            await self._close(left[0][0], [case_key(origin, finding) for origin, finding in left], why)

    async def _close(self, origin: Origin, keys: list[str], why: str) -> None:
        request = ResolveCases(origin=origin, keys=keys, reason=why)
        await workflow.execute_activity_method(
            CaseActivities.resolve_cases, request, task_queue=options.LEDGER, summary="close exceptions", **options.BOOKS
        )


def rejected_by(settlement: Settlement) -> ApplicationError:
    """The end of a handoff that a person rejected; type and details are what the workflow decides by."""
    reason = settlement.reason or "no reason given"
    return ApplicationError(
        f"Rejected by {settlement.actor}: {reason}", settlement.model_dump(), type=REJECTED, non_retryable=True
    )


def finding_of(error: ActivityError, *, subject: str) -> Finding | None:
    """The finding that a failed step means; None when it is no failure of the business (cancelled, terminated)."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.non_retryable:
        details = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
        return Finding(
            code=details.get("code") or "REJECTED",
            sentence=cause.message,
            remedy=details.get("remedy") or "Read the evidence, correct the cause, then settle with retry.",
            subject=subject,
            evidence={str(k): str(v) for k, v in (details.get("evidence") or {}).items()},
            can_override=False,
        )
    if isinstance(cause, ApplicationError | TimeoutError):  # every attempt together took longer than it may
        return Finding(
            code=OUTAGE,
            sentence=f"The step '{subject}' did not succeed within its time although it was tried again and again.",
            remedy="See to it that the system answers again (`handoff connectors check`), then settle with retry.",
            subject=subject,
            evidence={"last failure": cause.message[:1000]},
            can_override=False,
        )
    return None
