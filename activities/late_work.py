"""Late work by policy *hold*: what falls into a closed period waits with money and age, and goes on once it may (S27, R82)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from activities.billing_ports import GeneralLedger
from activities.books import Cases
from activities.closing_books import ClosingBooks, ClosingPolicy
from activities.looking_again import STEP
from activities.systems import Systems
from canonical.exception import Case, queued
from canonical.journal import AccountingPeriod
from canonical.landscape import Capability, Scope
from canonical.late_work import LateItem
from canonical.period import Period
from canonical.provenance import Origin
from canonical.rules.close import LatePolicy, held_until_reopened, is_closed, open_for_receivables

CODE = "PERIOD_CLOSED"


@dataclass(frozen=True)
class LateWork:
    """Holds back and lets go, entity by entity, by sets."""

    systems: Systems
    billing: ClosingBooks
    policy: ClosingPolicy
    cases: Cases

    async def periods(self, entity: str, on: date) -> Sequence[AccountingPeriod]:
        """The entity's periods in its general ledger; none where nobody keeps one."""
        system = self.policy.system_for(Capability.GENERAL_LEDGER, Scope(entity=entity, service_date=on))
        return await self.systems.get(system, GeneralLedger).periods(entity) if system else []

    async def settle(
        self, entity: str, now: datetime, origin: Origin, *, contract: str = "", periods: Sequence[AccountingPeriod] | None = None
    ) -> int:
        """Hold what is late, let go what may go on; answers how many items are free again."""
        if self.policy.late_policy(entity, now.date()) is not LatePolicy.HOLD:
            return await self._let_go(entity, contract, None, origin)
        known = await self.periods(entity, now.date()) if periods is None else periods
        if not known:
            return await self._let_go(entity, contract, None, origin)
        free = await self._let_go(entity, contract, open_for_receivables(known), origin)
        late = await self.billing.late_work.hold(entity, contract, open_for_receivables(known), origin=origin)
        await self._tell(late, entity, now, origin)
        return free

    async def look(self, now: datetime, origin: Origin) -> int:
        """The watchman's part: what waits of any entity is weighed anew."""
        freed = [await self.settle(entity, now, origin) for entity in await self.billing.late_work.entities()]
        return sum(freed)

    async def reopened(self, now: datetime) -> list[Case]:
        """The exceptions of entries that were held at the door and whose period is open by now."""
        waiting = [case for case in await self.cases.waiting_under(CODE) if case.step == STEP and case.entity]
        periods = {entity: await self.periods(entity, now.date()) for entity in sorted({case.entity for case in waiting})}
        return [
            case
            for case in waiting
            if not is_closed(date.fromisoformat(case.evidence["service_date"]), periods[case.entity], receivables=True)
        ]

    async def _tell(self, late: Sequence[LateItem], entity: str, now: datetime, origin: Origin) -> None:
        """Each waits in the controller's list with its money and age."""
        if late:
            await self.cases.open([self._case(one, entity, now, origin) for one in late])

    async def _let_go(self, entity: str, contract: str, periods: Sequence[Period] | None, origin: Origin) -> int:
        """What a person let pass, what is in a period that is open again, everything where policy holds no longer."""
        free = await self.billing.late_work.release(entity, contract, periods, origin=origin)
        if free:
            keys = [f"{CODE}/{reference}" for reference in free]
            await self.cases.resolve(keys, actor="handoff", reason="It may go on: its period is open, or policy holds no longer.")
        return len(free)

    def _case(self, item: LateItem, entity: str, now: datetime, origin: Origin) -> Case:
        what = f"{item.description or item.reference} ({item.reference})"
        finding = held_until_reopened(what, item.service, now.date(), item.amount, subject=item.reference)
        terms = self.policy.case_terms(finding.code, entity, now)
        return queued(
            finding,
            terms,
            now,
            engagement=item.contract,
            customer=item.customer,
            project=item.contract,
            entity=entity,
            correlation=origin.correlation,
            control_point="billing_eligibility",
            step=origin.step,
        )
