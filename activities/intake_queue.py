"""What is wrong with recorded work, in the exception queue: opened once, decided by people, healed by itself (R61-R67)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.billing_books import BillingBooks, BillingPolicy
from activities.books import Cases
from activities.intake_surroundings import Around
from activities.looking_again import STEP
from canonical.exception import Case, CaseState, Decision, Finding, queued
from canonical.intake import JudgedItem, Judgement
from canonical.money import Money
from canonical.provenance import Origin
from canonical.rules.entry_checks import Entry
from canonical.schema import Part

TWIN = "DUPLICATE_ENTRY"
Named = tuple[str, str]
"""A finding's code and the entry it is about."""


class Decided(Part):
    """What people decided about findings before: let pass, or never to be billed as it is now."""

    overridden: frozenset[Named] = frozenset()
    rejected: frozenset[Named] = frozenset()


@dataclass(frozen=True)
class IntakeQueue:
    """The exceptions of the door for recorded work; no workflow waits for them, a decision has the entry looked at again."""

    cases: Cases
    billing: BillingBooks
    policy: BillingPolicy

    async def decided(self, findings: Sequence[Finding], entries: Sequence[Entry] = ()) -> Decided:
        """A decision holds for as long as the entry says what it said then; its next version is judged anew."""
        if not findings:
            return Decided()
        versions = {one.subject: one.evidence.get("version", "") for one in findings}
        versions |= {entry.reference: entry.source_version for entry in entries}
        known = await self.cases.of_keys([_key(one.code, one.subject) for one in findings])
        settled = [
            case
            for case in known
            if case.state is CaseState.SETTLED and case.evidence.get("version") == versions.get(case.subject)
        ]
        made = {one: {(c.code, c.subject) for c in settled if c.decision is one} for one in (Decision.OVERRIDE, Decision.REJECT)}
        return Decided(overridden=frozenset(made[Decision.OVERRIDE]), rejected=frozenset(made[Decision.REJECT]))

    async def weigh_twins(self, judged: Sequence[JudgedItem], origin: Origin) -> list[Finding]:
        """The ledger holds what says the same under another name; what a person let pass is work of its own."""
        twins = [_twin(one) for one in judged]
        decided = await self.decided(twins)
        meant = [one.subject for one in twins if (TWIN, one.subject) in decided.overridden]
        if meant:
            await self.billing.billables.release(meant, origin=origin)
        return [one for one in twins if (TWIN, one.subject) not in decided.overridden]

    async def held_twins(self, references: Sequence[str]) -> list[JudgedItem]:
        """Those of these items that wait as somebody's twin since an earlier batch."""
        known = [one for one in await self.billing.billables.read(references) if one.hold_code == TWIN]
        return [
            JudgedItem(
                reference=one.item.reference,
                judgement=Judgement.DUPLICATE,
                contract=one.item.contract,
                version=one.item.source_version,
                now=one.item.amount,
                same_as=one.hold_note,
            )
            for one in known
        ]

    async def tell(
        self, findings: Sequence[Finding], batch: Sequence[Entry], around: Around, origin: Origin, now: datetime
    ) -> int:
        """Open what is wrong; close what was wrong with these entries and is not any more. Answers how many were closed."""
        entries, decided = {entry.reference: entry for entry in batch}, await self.decided(findings, batch)
        asked = [one for one in findings if (one.code, one.subject) not in decided.rejected]
        if asked:
            await self.cases.open([self._case(one, entries.get(one.subject), around, origin, now) for one in asked])
        found = {(one.code, one.subject) for one in findings}
        standing = [case for case in await self.cases.standing(list(entries), step=STEP) if _named(case) not in found]
        twins = {one.reference for one in await self.held_twins([case.subject for case in standing if case.code == TWIN])}
        healed = [case.key for case in standing if not (case.code == TWIN and case.subject in twins)]
        return await self.cases.resolve(healed, actor="handoff", reason="The entry is sound now.") if healed else 0

    def _case(self, finding: Finding, entry: Entry | None, around: Around, origin: Origin, now: datetime) -> Case:
        project = entry.project if entry else finding.evidence.get("project", "")
        record = around.record(project)
        entity = record.contract.entity if record else ""
        terms = self.policy.case_terms(finding.code, entity, now)
        return queued(
            finding,
            terms,
            now,
            evidence={"entry": finding.subject, **finding.evidence, **({"version": entry.source_version} if entry else {})},
            engagement=project if record else "",
            customer=record.contract.payer.reference if record else "",
            project=project,
            entity=entity,
            correlation=origin.correlation,
            control_point="billing_eligibility",
            step=STEP,
        )


def changed_after(one: JudgedItem) -> Finding:
    """What was billed before its record changed: nothing moves by itself."""
    return Finding(
        code=one.judgement.value.upper(),
        subject=one.reference,
        sentence=f"{one.reference} was {one.was} when it was billed or kept, and is {one.now} at its source now.",
        remedy="Decide whether it is credited, billed as a difference, or left; then settle with retry.",
        money=_difference(one),
        evidence={
            "entry": one.reference,
            "version": one.version,
            "was": str(one.was),
            "now": str(one.now),
            "project": one.contract,
        },
        can_override=False,
    )


def taken_back_late(one: JudgedItem) -> Finding:
    """Approval taken back after the work was billed: a person credits it; a mere charge is reversed by itself (R71, S15)."""
    return Finding(
        code="APPROVAL_WITHDRAWN",
        subject=one.reference,
        sentence=f"The approval of {one.reference} ({one.was}) was taken back after it was billed.",
        remedy="Credit the entry, or have its approval restored; then settle with retry.",
        money=one.was,
        evidence={"entry": one.reference, "version": one.version, "project": one.contract},
        can_override=False,
    )


def _twin(one: JudgedItem) -> Finding:
    return Finding(
        code=TWIN,
        subject=one.reference,
        sentence=f"{one.reference} ({one.now}) says exactly what {one.same_as} says.",
        remedy="Delete one of them at its source; if both were meant, override with the reason.",
        money=one.now,
        evidence={"entry": one.reference, "version": one.version, "same_as": one.same_as, "project": one.contract},
    )


def _difference(one: JudgedItem) -> Money | None:
    return one.now - one.was if one.now and one.was and one.now.currency == one.was.currency else one.now


def _named(case: Case) -> Named:
    return case.code, case.subject


def _key(code: str, subject: str) -> str:
    return f"{code}/{subject}"
