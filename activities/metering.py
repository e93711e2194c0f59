"""Metered use: entered once its period is over; what no meter spoke of, or came too late, is work for people (R77)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from activities.billing_books import BillingBooks, BillingPolicy
from activities.books import Cases, Clock
from activities.contract_of_record import ContractOfRecord
from activities.intake_queue import IntakeQueue, changed_after
from canonical.exception import Case, Finding, queued
from canonical.intake import Intake, Judgement
from canonical.money import Money
from canonical.provenance import Origin
from canonical.quote import BillingKind
from canonical.rules.metering import SOURCE, Use, use_of

STEP = "enter_usage"
_NAMED = (Judgement.CONFLICTING, Judgement.CHANGED_AFTER_BILLING)


@dataclass(frozen=True)
class Metering:
    """What meters say, as items and exceptions; nobody waits here for people: each run looks again."""

    billing: BillingBooks
    policy: BillingPolicy
    cases: Cases
    clock: Clock

    async def due(self, record: ContractOfRecord, through: date) -> Use:
        """The use of every period that is over by the end of a day."""
        contract = record.contract
        if contract.term is None or all(line.kind is not BillingKind.USAGE for line in contract.lines):
            return Use()
        used = await self.billing.meters.used(contract.reference)
        policy = self.policy.recurring_policy(contract.entity, contract.term.start)
        return use_of(contract, used, through, record.project.dimensions, policy)

    async def settle(self, record: ContractOfRecord, use: Use, intake: Intake, origin: Origin) -> None:
        """After its items were taken in: periods that came to nothing are withdrawn, and people hear what is wrong."""
        if not use.subjects:
            return
        own = {one.reference for one in use.items}
        late = [one for one in intake.items if one.judgement in _NAMED and one.reference in own]
        found = [*use.missing, *map(changed_after, late)]
        found += await self._withdrawn(record, use, origin)
        decided = await IntakeQueue(self.cases, self.billing, self.policy).decided(found)
        asked = [one for one in found if (one.code, one.subject) not in decided.rejected]
        if asked:
            await self.cases.open([await self._case(one, record, origin) for one in asked])
        wrong = {_key(one) for one in found}
        standing = await self.cases.standing(use.subjects, step=STEP)
        healed = [case.key for case in standing if case.key not in wrong]
        if healed:
            await self.cases.resolve(healed, actor="handoff", reason="The meter has said it.")

    async def _withdrawn(self, record: ContractOfRecord, use: Use, origin: Origin) -> Sequence[Finding]:
        """A corrected reading may leave nothing of a period that was entered before."""
        versions = dict(use.unused)
        known = [one.item.reference for one in await self.billing.billables.read(list(versions))]
        if not known:
            return []
        gone = [(name, SOURCE, versions[name]) for name in known]
        intake = await self.billing.billables.withdraw(gone, "the meter says that nothing was used", origin=origin)
        nothing = Money.zero(record.contract.currency)
        late = [one.changed(judgement=Judgement.CHANGED_AFTER_BILLING, now=nothing) for one in intake.of(Judgement.AFTER_BILLING)]
        return [changed_after(one) for one in late]

    async def _case(self, finding: Finding, record: ContractOfRecord, origin: Origin) -> Case:
        contract, now = record.contract, await self.clock.now()
        terms = self.policy.case_terms(finding.code, contract.entity, now)
        return queued(
            finding,
            terms,
            now,
            evidence={name: text for name, text in finding.evidence.items() if name != "entry"},
            engagement=contract.reference,
            customer=contract.payer.reference,
            project=contract.reference,
            entity=contract.entity,
            correlation=origin.correlation,
            control_point="billing_eligibility",
            step=STEP,
        )


def _key(finding: Finding) -> str:
    return f"{finding.code}/{finding.subject}"
