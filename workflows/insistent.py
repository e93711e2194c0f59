"""Insisting: a step that fails for good becomes a person's, and the workflow goes on from that step."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.case import Carry, CaseActivities
    from canonical.engagement import EngagementStatus
    from canonical.exception import Decision, Finding, Settlement
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows import options
    from workflows.review import Reviewed, Subject, finding_of
    from workflows.saga import stop_if_cancelled

Answer = TypeVar("Answer")


class Insistent(Reviewed):
    """Base of processes whose steps write to other systems."""

    def __init__(self, actor: str) -> None:
        super().__init__()
        self._actor = actor
        self._waits_as: EngagementStatus | None = None

    def origin(self, step: str, actor: str = "") -> Origin:
        """Who does this step in which context."""
        raise NotImplementedError

    def trouble(self) -> Subject:
        """Whose exception a failed step is."""
        raise NotImplementedError

    def at_stake(self, name: str) -> Money | None:
        """The money that waits for a step, where it is not that of the whole."""
        return None

    async def insisted(self, take: Callable[[], Awaitable[Answer]], name: str) -> Answer:
        """Take a step; where it fails for good, a person decides and it goes on from here."""
        origin, asked = self.origin(name), list[Finding]()
        while True:
            seen = self.desk.changes
            try:
                answer = await take()
            except ActivityError as error:
                stop_if_cancelled()  # of a worker that dies while its write is being cancelled one sees a timeout: nobody's case
                finding = finding_of(error, subject=name)
                if finding is None:
                    raise
                finding = finding.changed(money=finding.money or self.at_stake(name))
                asked += [finding] if finding.code not in {one.code for one in asked} else []
                await self._decided(origin, finding, seen)
                continue
            if asked:
                await self.resolved(origin, asked, "The step succeeded.")
            stop_if_cancelled()
            return answer

    async def _decided(self, origin: Origin, finding: Finding, seen: int) -> None:
        key = finding.evidence.get("key", "")
        if finding.code == "WRITE_CLOSED":  # an earlier handoff of this contract gave it up, and has ended; this one means it
            word = Settlement(number=0, decision=Decision.RETRY, actor=self._actor, reason="A later handoff carries it out.")
            await self._carry(key, word)
            return
        self.subject = self.trouble()
        for _, settlement in await self.reviewed(origin, [finding], status=self._waits_as, seen=seen):
            if finding.code == "OUTCOME_UNKNOWN" and key:
                await self._carry(key, settlement)

    async def _carry(self, key: str, settlement: Settlement) -> None:
        await workflow.execute_activity_method(
            CaseActivities.carry_settlement,
            Carry(key=key, settlement=settlement),
            task_queue=options.LEDGER,
            summary="carry the decision",
            **options.BOOKS,
        )
