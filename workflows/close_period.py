"""Closing a month of an entity: revenue, accruals that a second person approves, readiness; the ERP itself people close."""

from collections.abc import Coroutine
from datetime import date
from typing import Any

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.closing import CloseActivities, CloseMonth, DecideAccrual, Decided, Proposed
    from canonical.closing import Readiness
    from canonical.exception import Decision, Finding, Settlement
    from workflows import options
    from workflows.recognizing import Recognizing
    from workflows.review import REJECTED


class ClosePeriod(BaseModel):
    """A month of an entity, by its first day."""

    entity: str
    start: date
    actor: str = "handoff"


class PeriodClosed(BaseModel):
    """What our own close came to: the journals it posted, and what people let stand in the way."""

    entity: str
    start: date
    journals: dict[str, str] = {}
    hindrances: list[str] = []


@workflow.defn(name="close_period")
class ClosePeriodWorkflow(Recognizing):
    """Asked again after its end, it recognizes and accrues what has changed since."""

    @workflow.init
    def __init__(self, request: ClosePeriod) -> None:
        super().__init__(request.entity, request.start, request.actor)

    @workflow.run
    async def run(self, request: ClosePeriod) -> PeriodClosed:
        """Recognize, accrue, judge; where something stands in the way a person decides whether to look again or to go on."""
        await self._told(CloseActivities.begin_close, "begin_close")
        while True:
            seen = self.desk.changes
            await self._unless_rejected(self.recognized())
            await self._unless_rejected(self._accrue())
            readiness = await self.insisted(self._judged, "judge_close")
            if await self._may_end(readiness, seen):
                break
        await self._told(CloseActivities.finish_close, "finish_close")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return PeriodClosed(
            entity=request.entity, start=request.start, journals=self._posted, hindrances=list(readiness.hindrances)
        )

    async def _accrue(self) -> None:
        """One journal for each currency; what people approve is posted as they saw it, or drawn up anew if it has changed."""
        origin, asked = self.origin("propose_accruals"), list[Finding]()
        while True:
            seen = self.desk.changes
            proposed = await self.insisted(self._proposed, "propose_accruals")
            for reference in proposed.approved:
                await self.post(reference, proposed.system)
            gone = [one for one in asked if one.subject not in {found.subject for found in proposed.findings}]
            if gone:
                await self.resolved(origin, gone, "The work has changed: it is drawn up anew, or there is none.")
            if not proposed.findings:
                return
            asked, self.subject = proposed.findings, self.trouble()
            try:
                answers = await self.reviewed(origin, asked, status=None, seen=seen)
            except ApplicationError as error:
                if error.type == REJECTED:
                    await self._withdrawn(asked, error.message)
                raise
            if await self._posted_all(answers, proposed.system) and len(answers) == len(asked):
                return

    async def _posted_all(self, answers: list[tuple[Finding, Settlement]], system: str) -> bool:
        """Whether everything that was approved is posted."""
        done = True
        for finding, answer in answers:
            if answer.decision is not Decision.OVERRIDE:
                done = False
                continue
            by = f"{answer.actor}, {answer.approved_by}" if answer.approved_by else answer.actor
            decided = await self._decide(finding.subject, is_approved=True, by=by)
            if decided.may_post:
                await self.post(finding.subject, system)
            done = done and decided.may_post
        return done

    async def _withdrawn(self, findings: list[Finding], why: str) -> None:
        for finding in findings:
            await self._decide(finding.subject, is_approved=False, by=why[:250])

    async def _may_end(self, readiness: Readiness, seen: int) -> bool:
        """Nothing stands in the way, or a person lets it stand."""
        origin = self.origin("judge_close")
        finding = _not_ready(readiness)
        if finding is None:
            await self.leave("Nothing stands in the way any more.")
            return True
        self.subject = self.trouble()
        try:
            answers = await self.reviewed(origin, [finding], status=None, seen=seen)
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            return True
        return any(answer.decision is Decision.OVERRIDE for _, answer in answers)

    async def _unless_rejected(self, doing: Coroutine[Any, Any, object]) -> None:
        """What a person rejects is left out; the readiness tells what that means."""
        try:
            await doing
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            await self.leave("It was decided to leave it out.")

    async def _proposed(self) -> Proposed:
        return await workflow.execute_activity_method(
            CloseActivities.propose_accruals,
            self._month("propose_accruals"),
            task_queue=options.LEDGER,
            summary=f"what is approved and not billed of {self._entity}",
            **options.READ,
        )

    async def _decide(self, reference: str, *, is_approved: bool, by: str) -> Decided:
        request = DecideAccrual(origin=self.origin(f"decide {reference}"), reference=reference, is_approved=is_approved, by=by)
        return await workflow.execute_activity_method(
            CloseActivities.decide_accrual,
            request,
            task_queue=options.LEDGER,
            summary=f"{reference} is {'approved' if is_approved else 'rejected'}",
            **options.BOOKS,
        )

    async def _judged(self) -> Readiness:
        return await workflow.execute_activity_method(
            CloseActivities.judge_close,
            self._month("judge_close").model_copy(update={"lets_end": True}),
            task_queue=options.LEDGER,
            summary=f"readiness of {self._entity}, {self._start:%Y-%m}",
            **options.READ,
        )

    async def _told(self, what: Any, step: str) -> None:
        await self.insisted(lambda: self._do(what, step), step)

    async def _do(self, what: Any, step: str) -> None:
        await workflow.execute_activity_method(
            what, self._month(step), task_queue=options.LEDGER, summary=step.replace("_", " "), **options.BOOKS
        )

    def _month(self, step: str) -> CloseMonth:
        return CloseMonth(origin=self.origin(step), entity=self._entity, start=self._start)


def _not_ready(readiness: Readiness) -> Finding | None:
    if readiness.is_ready:
        return None
    month = f"{readiness.period.start:%Y-%m}"
    return Finding(
        code="CLOSE_NOT_READY",
        subject=f"{readiness.entity}.{month}",
        sentence=f"{readiness.entity} cannot be closed for {month} yet. {' '.join(readiness.hindrances)}"[:2000],
        remedy="Settle what is named and retry, which looks again; or override to end the close with the reason.",
        evidence={"hindrances": str(len(readiness.hindrances))},
    )
