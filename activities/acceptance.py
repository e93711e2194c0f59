"""Acceptances come in: each is re-read where it stands, judged by its version, and reaches its engagement once (R73, R74)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.books import Cases, Clock, Dossiers, Engagements, Expectations, Facts, Inbox
from activities.ports import Accepting, ActivationPolicy
from activities.systems import Systems
from canonical.acceptance import Acceptance
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.event import InboundEvent, InboxRow
from canonical.exception import Case
from canonical.expectation import Expectation, acceptance_key, execution_key
from canonical.fact import Verdict
from canonical.reference import fingerprint
from canonical.schema import Part

SUBMITTED = "acceptance"
"""What was submitted to us is on record with us: its dossiers, by the milestone."""
LIVING = frozenset({EngagementStatus.ACTIVE, EngagementStatus.PARTLY_ACTIVE})
_UNHEARD = frozenset({None, EngagementStatus.PARKED})


class DueAcceptance(Part):
    """A word on a milestone that counts; ``older`` are the versions that it takes the place of."""

    acceptance: Acceptance
    actor: str = "handoff"
    older: tuple[str, ...] = ()


@dataclass(frozen=True)
class Acceptances:
    """The door of an engagement for what its customer accepts."""

    systems: Systems
    policy: ActivationPolicy
    inbox: Inbox
    facts: Facts
    dossiers: Dossiers
    cases: Cases
    expectations: Expectations
    engagements: Engagements
    clock: Clock

    async def taken(self, contract: str, rows: Sequence[InboxRow]) -> list[DueAcceptance]:
        """Conclude the deliveries; what is new comes back, at most one for each milestone. Too early, they are parked."""
        if not rows:
            return []
        if not await self._is_living(contract):
            await self._park(contract, rows)
            return []
        due: dict[str, DueAcceptance] = {}
        for row in rows:
            acceptance = await self._read(row.event)
            if acceptance is None:
                await self.inbox.conclude([row.number], "foreign")
                continue
            word = await self._judged(acceptance, row)
            if word is not None:
                due[acceptance.subject] = word
            await self.expectations.meet([acceptance_key(acceptance.subject)])
        return list(due.values())

    async def contract_of(self, event: InboundEvent) -> str | None:
        """The contract whose milestone a record of a system is."""
        acceptance = await self._read(event)
        return acceptance.contract if acceptance else None

    async def _read(self, event: InboundEvent) -> Acceptance | None:
        if event.object_kind == SUBMITTED:
            return Acceptance.model_validate(await self.dossiers.read(event.object_id))
        system = self.systems.connected.get(event.source)
        return await system.read_acceptance(event.object_id) if isinstance(system, Accepting) else None

    async def _judged(self, acceptance: Acceptance, row: InboxRow) -> DueAcceptance | None:
        """A duplicate of the newest is handed on as well: an attempt may have died after it judged. It is begun once only."""
        verdict = await self.facts.judge(SUBMITTED, acceptance.subject, acceptance.version, fingerprint(acceptance))
        if verdict.outcome == "conflicting":
            await self._raise_conflict(acceptance, verdict, row)
        await self.inbox.conclude([row.number], "taken" if verdict.outcome == "new" else verdict.outcome)
        versions = await self.facts.versions(SUBMITTED, acceptance.subject)
        if verdict.outcome not in {"new", "duplicate"} or versions[-1] != acceptance.version:
            return None
        await self.dossiers.keep(SUBMITTED, acceptance.subject, acceptance)
        actor = row.event.claims.get("submitted_by", "handoff")
        return DueAcceptance(acceptance=acceptance, actor=actor, older=tuple(versions[:-1]))

    async def _is_living(self, contract: str) -> bool:
        board = await self.engagements.read(contract)
        return board is not None and board.status in LIVING

    async def _park(self, contract: str, rows: Sequence[InboxRow]) -> None:
        """Until its contract is active; for how long that may take is policy."""
        numbers = [row.number for row in rows]
        await self.inbox.conclude(numbers, "parked")
        board = await self.engagements.read(contract)
        since = min(row.received_at for row in rows)
        if board is None or board.status in _UNHEARD:
            await self._expect_contract(contract, since)
        else:
            await self._expect_activation(contract, rows, since)
        if await self._is_living(contract):  # it became so between the two looks, when nothing was parked yet
            await self.inbox.unpark_of(contract)

    async def _expect_contract(self, contract: str, since: datetime) -> None:
        _, late = self.policy.deadlines("execution", "", since)
        what = f"A milestone of contract {contract} was accepted, and the contract is known to no system."
        await self.expectations.expect(
            Expectation(key=execution_key(contract), what=what, reference=contract, engagement=contract, raise_at=late)
        )
        await self.engagements.update(EngagementRow(reference=contract, status=EngagementStatus.PARKED, correlation=contract))

    async def _expect_activation(self, contract: str, rows: Sequence[InboxRow], since: datetime) -> None:
        _, late = self.policy.deadlines("activation", "", since)
        for row in rows:
            acceptance = await self._read(row.event)
            if acceptance is not None:
                what = f"Milestone {acceptance.term} of {contract} was accepted, and the contract is not active."
                key = acceptance_key(acceptance.subject)
                await self.expectations.expect(
                    Expectation(key=key, what=what, reference=contract, engagement=contract, raise_at=late)
                )

    async def _raise_conflict(self, acceptance: Acceptance, verdict: Verdict, row: InboxRow) -> None:
        now = await self.clock.now()
        terms = self.policy.case_terms("KEY_REUSED_WITH_DIFFERENT_CONTENT", "", now)
        case = Case(
            key=f"KEY_REUSED_WITH_DIFFERENT_CONTENT/{acceptance.subject}/{acceptance.version}",
            code="KEY_REUSED_WITH_DIFFERENT_CONTENT",
            sentence=f"Version {acceptance.version} of the acceptance of {acceptance.subject} came with other content.",
            remedy="Compare both; if the acceptance changed, submit it as a new version. What came first counts.",
            evidence={
                "seen before": verdict.seen_fingerprint,
                f"{row.event.source} {row.event.event_id}"[:80]: str(acceptance)[:500],
            },
            engagement=acceptance.contract,
            subject=acceptance.term,
            correlation=acceptance.subject,
            control_point="billing_eligibility",
            step="take_facts",
            owner_role=terms.owner_role,
            opened_at=now,
            due_at=terms.due_at,
        )
        await self.cases.open([case])
