"""The exception queue: what waits, who may decide what, when a second person must agree, and telling the workflow that waits."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import RPCTimeoutOrCancelledError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.looking_again import look_again
from canonical.errors import MoveRefused, Rejected, Transient
from canonical.exception import PROPOSER, Case, CaseState, Decision, Settlement, settlement_of
from canonical.money import Money
from ledger.clock import BusinessClock
from ledger.exceptions import CaseFilter, Cases
from operations.asked import Settled
from operations.engine import Engine
from policies.exceptions import CaseRule
from policies.firm import Policies

_TRIES, _PAUSE = 20, 0.25
_PATIENCE = timedelta(seconds=10)  # a workflow that no worker takes up would else be waited for without end


class NotAllowedToSettle(Rejected):
    """The person is not one of those who may decide this."""

    code = "NOT_ALLOWED"
    default_remedy = "Ask the owner of the exception, or somebody with the role that policies/exceptions names."


@dataclass(frozen=True)
class Settlements:
    """Exceptions and decisions on them, for any surface."""

    engine: Engine
    cases: Cases
    policies: Policies
    clock: BusinessClock
    patience: timedelta = _PATIENCE

    async def waiting(
        self,
        *,
        owner: str | None = None,
        code: str | None = None,
        engagement: str | None = None,
        state: CaseState | None = None,
        limit: int = 100,
    ) -> list[Case]:
        """What waits for people, ranked by money, due time and age."""
        wanted = CaseFilter(owner_role=owner, code=code, engagement=engagement, state=state.value if state else None, limit=limit)
        return list(await self.cases.list(wanted))

    async def read(self, number: int) -> Case:
        """One exception."""
        return await self.cases.read(number)

    async def assign(self, number: int, to: str, *, actor: str) -> Case:
        """Give an exception to somebody."""
        await self._require_a_say(number, actor)
        return await self.cases.assign(number, actor=actor, assignee=to)

    async def snooze(self, number: int, until: datetime, *, actor: str) -> Case:
        """Let an exception rest."""
        await self._require_a_say(number, actor)
        return await self.cases.snooze(number, actor=actor, until=until, reason="put off")

    async def settle(self, number: int, decision: Decision, *, actor: str, reason: str, adopt: str = "") -> Settled:
        """Decide. Above the policy's threshold the decision is only proposed, and a second person must approve it."""
        case = await self.cases.read(number)
        await self._require(case, decision, actor, reason, adopt)
        rule = await self._rule(case)
        money = _money(case)
        second = rule.second_person
        if second is not None and second.is_needed(decision, money, code=case.code, entity=case.entity):
            await self.cases.propose(number, decision, actor=actor, reason=reason, adopt=adopt)
            return Settled(number=number, state=CaseState.PROPOSED, decision=decision, needs_approval_by=_or(rule.may_approve))
        settlement = Settlement(number=number, decision=decision, actor=actor, reason=reason, adopt=adopt)
        await self.cases.settle(number, decision, actor=actor, reason=reason, adopt=adopt)
        return await self._told(case, settlement)

    async def approve(self, number: int, *, actor: str) -> Settled:
        """The second pair of eyes: another person, with a role that may approve."""
        case = await self.cases.read(number)
        _refuse_proposer(case, actor)
        rule, roles = await self._rule(case), await self._roles(actor)
        if not set(roles) & set(rule.may_approve):
            raise NotAllowedToSettle(f"{actor} may not approve {case.code}; {_or(rule.may_approve)} may.")
        approved = await self.cases.approve(number, actor=actor)
        return await self._told(approved, settlement_of(approved))

    async def decline(self, number: int, *, actor: str, reason: str) -> Settled:
        """No, says whoever may approve, or whoever proposed it; the exception is open again."""
        case = await self.cases.read(number)
        rule, roles = await self._rule(case), await self._roles(actor)
        if actor != case.decided_by and not set(roles) & set(rule.may_approve):
            raise NotAllowedToSettle(f"{actor} may not decline what was proposed for {case.code}; {_or(rule.may_approve)} may.")
        declined = await self.cases.decline(number, actor=actor, reason=reason)
        return Settled(number=number, state=declined.state, decision=case.decision or Decision.RETRY)

    async def _told(self, case: Case, settlement: Settlement) -> Settled:
        if case.workflow_id:
            await self._update(case, settlement)
        else:
            await self._looked_at_again(case)
        return Settled(number=case.number, state=CaseState.SETTLED, decision=settlement.decision)

    async def _looked_at_again(self, case: Case) -> None:
        try:
            await look_again(self.engine.client, case)
        except RPCError as error:
            raise _not_told(case) from error

    async def _update(self, case: Case, settlement: Settlement) -> None:
        """The workflow may be a moment behind the queue: it is told again until it waits for this number, or has gone on."""
        handle = self.engine.client.get_workflow_handle(case.workflow_id)
        for attempt in range(_TRIES):
            try:
                await handle.execute_update("settle", settlement, id=f"settle/{case.number}", rpc_timeout=self.patience)
                return
            except WorkflowUpdateFailedError as refused:
                cause = refused.cause
                if not isinstance(cause, ApplicationError) or cause.type != "NotWaiting":
                    raise Rejected(str(cause), remedy="Choose another decision.") from refused
                if attempt == _TRIES - 1:
                    return
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return
                raise _not_told(case) from error
            except RPCTimeoutOrCancelledError as error:
                raise _not_told(case) from error
            await asyncio.sleep(_PAUSE)

    async def _require(self, case: Case, decision: Decision, actor: str, reason: str, adopt: str) -> None:
        if decision is Decision.OVERRIDE:
            _refuse_proposer(case, actor)
        rule, roles = await self._rule(case), await self._roles(actor)
        access = self.policies.access.on((await self.clock.now()).date())
        takes_back = decision is Decision.REJECT and case.evidence.get(PROPOSER) == actor
        if not takes_back and not set(roles) & set(rule.settlers) and not access.may_settle(roles, case.code):
            raise NotAllowedToSettle(f"{actor} may not settle {case.code}; {_or(rule.settlers)} may.")
        if decision not in rule.decisions or (decision is Decision.OVERRIDE and not case.can_override):
            allowed = ", ".join(d.value for d in rule.decisions if d is not Decision.OVERRIDE or case.can_override)
            raise Rejected(
                f"{case.code} cannot be settled with '{decision.value}'", remedy=f"Use one of: {allowed}. {case.remedy}"
            )
        if decision in {Decision.OVERRIDE, Decision.REJECT, Decision.ADOPT} and not reason.strip():
            raise Rejected(f"To {decision.value} you must give a reason", remedy="Say why; auditors will read it.")
        if decision is Decision.ADOPT and not adopt:
            raise Rejected("To adopt a record you must name it", remedy="Give its id in the target system.")

    async def _require_a_say(self, number: int, actor: str) -> None:
        """Whoever may settle or approve an exception may give it to somebody or put it off; nobody else."""
        case, access = await self.cases.read(number), self.policies.access.on((await self.clock.now()).date())
        rule, roles = await self._rule(case), access.roles_of(actor)
        concerned = {*rule.settlers, *rule.may_approve}
        if not concerned & set(roles) and not access.may_settle(roles, case.code):
            raise NotAllowedToSettle(f"{actor} has no say in {case.code}; {_or(tuple(sorted(concerned)))} have.")

    async def _rule(self, case: Case) -> CaseRule:
        return self.policies.exceptions.on((await self.clock.now()).date()).rule(case.code, case.entity)

    async def _roles(self, actor: str) -> tuple[str, ...]:
        return self.policies.access.on((await self.clock.now()).date()).roles_of(actor)


def _not_told(case: Case) -> Transient:
    return Transient(
        f"The decision on exception {case.number} is kept, but its workflow could not be told yet",
        remedy="Nothing to do: the next sweep tells it.",
    )


def _refuse_proposer(case: Case, actor: str) -> None:
    if case.evidence.get(PROPOSER) == actor:
        raise MoveRefused(
            f"{actor} proposed what {case.code} asks about and cannot approve it.",
            remedy="To approve it, somebody else who may must look at it; to take it back, settle with reject.",
            code="SAME_PAIR_OF_EYES",
        )


def _or(roles: tuple[str, ...]) -> str:
    return " or ".join(roles) or "nobody"


def _money(case: Case) -> Money | None:
    if case.money_amount is None or case.money_currency is None:
        return None
    return Money(amount=case.money_amount, currency=case.money_currency)
