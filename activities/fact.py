"""Taking facts in: every event is a hint, the record it names is re-read from its system of record and judged (DESIGN 4, S18)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from pydantic import BaseModel
from temporalio import activity

from activities.acceptance import Acceptances, DueAcceptance
from activities.books import Audit, Cases, Clock, CrossReferences, Engagements, Expectations, Facts, Inbox
from activities.ports import ActivationPolicy, Contracts, Crm
from activities.systems import Systems
from canonical.document import SignedContract, SigningState
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.errors import NotFound, Rejected
from canonical.event import FactKind, InboundEvent, InboxRow
from canonical.exception import Case
from canonical.expectation import Expectation, activation_key, execution_key
from canonical.fact import Verdict
from canonical.landscape import Capability, Scope
from canonical.provenance import Entry, Origin
from canonical.reference import fingerprint
from canonical.rules.signed_terms import read_terms


class TakeFacts(BaseModel):
    """Deliveries about one contract, by their inbox numbers."""

    contract: str
    numbers: list[int]


class TakenFacts(BaseModel):
    """What they came to: a contract version to provision, a reason to look again, or a contract that ended."""

    version: int | None = None
    source_version: str = ""
    is_changed: bool = False
    is_voided: bool = False
    is_known: bool = False
    status: EngagementStatus | None = None
    provisioned_version: int | None = None
    summary: str = ""
    correlation: str = ""
    acceptances: list[DueAcceptance] = []


class IdentifyEvent(BaseModel):
    """A delivery that does not say which contract it is about."""

    number: int


_PERHAPS_FOREIGN = frozenset({FactKind.RECORD_CHANGED, FactKind.MILESTONE_ACCEPTANCE})


@dataclass(frozen=True)
class FactActivities:
    """The door of an engagement."""

    systems: Systems
    policy: ActivationPolicy
    inbox: Inbox
    facts: Facts
    cases: Cases
    expectations: Expectations
    engagements: Engagements
    references: CrossReferences
    audit: Audit
    acceptances: Acceptances
    clock: Clock

    @activity.defn
    async def take_facts(self, request: TakeFacts) -> TakenFacts:
        """Re-read what the deliveries are about, judge its version, and conclude them; nothing is started here."""
        rows = await self.inbox.rows(request.numbers)
        accepted = [row for row in rows if row.event.kind is FactKind.MILESTONE_ACCEPTANCE]
        taken = await self._of_contract(request, [row for row in rows if row not in accepted])
        due = await self.acceptances.taken(request.contract, accepted)
        return taken.model_copy(update={"acceptances": due}) if due else taken

    async def _of_contract(self, request: TakeFacts, rows: Sequence[InboxRow]) -> TakenFacts:
        now, board = await self.clock.now(), await self.engagements.read(request.contract)
        taken = TakenFacts(
            status=board.status if board else None,
            provisioned_version=board.version if board else None,
            correlation=request.contract,
        )
        if not rows:
            return taken
        signed = await self._signed(request.contract, now)
        if signed is None or signed.state is SigningState.UNDER_WAY:
            return taken.model_copy(update={"summary": await self._too_early(request.contract, rows, now, signed)})
        taken = taken.model_copy(update={"is_known": True})
        if signed.state in {SigningState.VOIDED, SigningState.DECLINED}:
            await self._conclude(request, rows, "taken", f"the contract is {signed.state.value}")
            await self.expectations.meet([execution_key(request.contract)])  # nobody waits for it any more
            if taken.status in {None, EngagementStatus.RECEIVED, EngagementStatus.PARKED}:  # else its handoff says so itself
                await self.engagements.update(EngagementRow(reference=request.contract, status=EngagementStatus.WITHDRAWN))
            return taken.model_copy(update={"is_voided": True, "summary": f"the contract is {signed.state.value}"})
        return await self._judge(request.contract, rows, signed, taken, now)

    @activity.defn
    async def identify_event(self, request: IdentifyEvent) -> str | None:
        """Find out which contract a delivery is about, and hand it on; one that nobody can place is parked with its age.

        A change to a record that is bound to nothing of ours is somebody else's business and ends here.
        """
        [row] = await self.inbox.rows([request.number])
        contract, trouble = await self._contract_of(row)
        if contract is not None:
            await self.expectations.meet([execution_key(f"{row.event.source}.{row.event.object_id}")])
            await self.inbox.assign(row.number, contract)
        elif row.event.kind in _PERHAPS_FOREIGN:
            await self.inbox.conclude([row.number], "foreign")
        else:
            await self._park_nameless(row, trouble)
        return contract

    async def _park_nameless(self, row: InboxRow, trouble: str) -> None:
        event, now = row.event, await self.clock.now()
        _, late = self.policy.deadlines("execution", "", row.received_at)
        await self.inbox.conclude([row.number], "parked")
        await self.expectations.expect(
            Expectation(
                key=execution_key(f"{event.source}.{event.object_id}"),
                what=f"The {event.object_kind} {event.object_id} of {event.source} ({event.kind.value}) {trouble}",
                reference=event.object_id,
                heal_at=None,
                raise_at=max(late, now),
            )
        )

    async def _contract_of(self, row: InboxRow) -> tuple[str | None, str]:
        """Our reference; or none, and why: a record that cannot be read is a person's to correct, and waits as long as others."""
        event = row.event
        bound = await self.references.to_ours(event.source, event.object_kind, event.object_id)
        try:
            return bound or await self._named_in(event), "names no contract."
        except NotFound:
            return None, "is not there (any more)."
        except Rejected as unreadable:
            return None, f"cannot be used: {unreadable.message} {unreadable.remedy}"

    async def _named_in(self, event: InboundEvent) -> str | None:
        system = self.systems.connected.get(event.source)
        if isinstance(system, Contracts) and event.object_kind == "envelope":
            return (await system.read_signed(event.object_id)).contract
        if isinstance(system, Crm) and event.object_kind == "deal":
            return (await system.read_deal(event.object_id)).contract
        return await self.acceptances.contract_of(event) if event.kind is FactKind.MILESTONE_ACCEPTANCE else None

    async def _signed(self, contract: str, now: datetime) -> SignedContract | None:
        name = self.policy.system_for(Capability.CONTRACTS, Scope(service_date=now.date()))
        return await self.systems.get(name, Contracts).find_signed(contract) if name else None

    async def _judge(
        self, contract: str, rows: Sequence[InboxRow], signed: SignedContract, taken: TakenFacts, now: datetime
    ) -> TakenFacts:
        verdict = await self.facts.judge("contract", contract, signed.version, fingerprint(signed))
        disputed = [row for row in rows if _contradicts(row, signed, self.policy.signed_labels(now.date()))]
        if verdict.outcome == "conflicting" or disputed:
            await self._raise_conflict(contract, signed, verdict, disputed, now)
        await self._settle_rows(rows, verdict.outcome, disputed)
        if verdict.outcome == "new":
            await self.inbox.unpark_of(contract)  # what was announced too early has come true
        changed = any(row.event.kind is FactKind.RECORD_CHANGED for row in rows)
        taken = taken.model_copy(update={"is_changed": changed, "source_version": signed.version})
        versions = await self.facts.versions("contract", contract)
        number = versions.index(signed.version) + 1
        is_due = verdict.outcome == "new" or (verdict.outcome == "duplicate" and (taken.provisioned_version or 0) < number)
        if is_due:  # not only when new: an attempt may have died between judging and announcing
            await self._announce(contract, number, signed, taken.status, now)
        summary = f"{verdict.outcome}: {len(rows)} deliveries of version {number}"
        return taken.model_copy(update={"version": number if is_due else None, "summary": summary})

    async def _announce(
        self, contract: str, number: int, signed: SignedContract, status: EngagementStatus | None, now: datetime
    ) -> None:
        executed = signed.executed_at or now
        heal, late = self.policy.deadlines("activation", "", executed)
        await self.expectations.meet([execution_key(contract)])
        if status in {EngagementStatus.ACTIVE, EngagementStatus.PARTLY_ACTIVE}:
            return  # an amendment: the project lives, and what becomes of the newer version is its exception's business
        await self.expectations.expect(
            Expectation(
                key=activation_key(contract, number),
                what="An executed contract becomes an active project.",
                reference=contract,
                engagement=contract,
                heal_at=heal,
                raise_at=late,
            )
        )
        if status in {
            None,
            EngagementStatus.PARKED,
            EngagementStatus.WITHDRAWN,
        }:  # else its handoff says how it is
            await self.engagements.update(
                EngagementRow(reference=contract, status=EngagementStatus.RECEIVED, correlation=contract, executed_at=executed)
            )

    async def _settle_rows(self, rows: Sequence[InboxRow], outcome: str, disputed: Sequence[InboxRow]) -> None:
        apart = {row.number for row in disputed}
        plain = [row.number for row in rows if row.number not in apart]
        if outcome == "new" and plain:
            first, plain = plain[:1], plain[1:]
            await self.inbox.conclude(first, "taken")
            outcome = "duplicate"
        for numbers, said in ((plain, outcome), (sorted(apart), "conflicting")):
            if numbers:
                await self.inbox.conclude(numbers, said)

    async def _conclude(self, request: TakeFacts, rows: Sequence[InboxRow], outcome: str, why: str) -> None:
        await self.inbox.conclude([row.number for row in rows], outcome)
        origin = Origin(correlation=request.contract, engagement=request.contract, actor="handoff", step="take_facts")
        await self.audit.note([Entry(action="fact", origin=origin, kind="contract", source_id=request.contract, outcome=why)])

    async def _too_early(self, contract: str, rows: Sequence[InboxRow], now: datetime, signed: SignedContract | None) -> str:
        """An announcement is parked and expected to come true; a mere change of a record before signature means nothing yet."""
        announced = [row for row in rows if row.event.kind is not FactKind.RECORD_CHANGED]
        if early := [row.number for row in rows if row.event.kind is FactKind.RECORD_CHANGED]:
            await self.inbox.conclude(early, "early")
        if not announced:
            return "early: the contract is not executed yet"
        await self._park(contract, announced, now, signed)
        return "parked: the contract is not executed, or nobody knows it"

    async def _park(self, contract: str, rows: Sequence[InboxRow], now: datetime, signed: SignedContract | None) -> None:
        await self.inbox.conclude([row.number for row in rows], "parked")
        _, late = self.policy.deadlines("execution", "", min((row.received_at for row in rows), default=now))
        known = "is not executed yet" if signed else "is known to no contract system"
        await self.expectations.expect(
            Expectation(
                key=execution_key(contract), what=f"Contract {contract}, which was announced, {known}.", reference=contract,
                engagement=contract, raise_at=late,
            )
        )  # fmt: skip
        await self.engagements.update(EngagementRow(reference=contract, status=EngagementStatus.PARKED, correlation=contract))

    async def _raise_conflict(
        self, contract: str, signed: SignedContract, verdict: Verdict, disputed: Sequence[InboxRow], now: datetime
    ) -> None:
        terms = self.policy.case_terms("KEY_REUSED_WITH_DIFFERENT_CONTENT", "", now)
        seen = {"seen before": verdict.seen_fingerprint} if verdict.outcome == "conflicting" else {}
        claims = {f"{row.event.source} {row.event.event_id}"[:80]: str(row.event.claims) for row in disputed}
        case = Case(
            key=f"KEY_REUSED_WITH_DIFFERENT_CONTENT/{contract}/{signed.version}",
            code="KEY_REUSED_WITH_DIFFERENT_CONTENT",
            sentence=f"Version {signed.version} of contract {contract} was delivered with other content than is on record.",
            remedy="Compare both; if the contract was changed, have it signed as a new version. What was signed stays in force.",
            evidence={"of record": str(signed.terms.get("total", "")), **seen, **claims},
            engagement=contract,
            correlation=contract,
            control_point="contract_activation",
            step="take_facts",
            owner_role=terms.owner_role,
            opened_at=now,
            due_at=terms.due_at,
        )
        await self.cases.open([case])


def _contradicts(row: InboxRow, signed: SignedContract, labels: Mapping[str, str]) -> bool:
    """Whether a delivery claims something of this very version that the record does not say."""
    claims = row.event.claims
    if not claims or claims.get("version", signed.version) != signed.version:
        return False
    value, total = claims.get("value"), read_terms(signed.terms, labels).total
    if value is None or total is None:
        return False
    try:
        return Decimal(value.replace(",", "")) != total
    except InvalidOperation:
        return True
