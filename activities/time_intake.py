"""Time and expenses come in: polled, checked, rated in bulk, kept as items; each is safe to run twice (R61-R68)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import Time
from activities.books import Cases, Clock, Watermarks
from activities.contract_of_record import ContractsOfRecord
from activities.intake_queue import IntakeQueue, changed_after, taken_back_late
from activities.intake_surroundings import Around, Surroundings
from activities.roster import Roster
from activities.systems import Systems
from activities.unapproved import withdraw
from canonical.billable import Billable
from canonical.billing_view import PendingApproval
from canonical.charge import TakenBack
from canonical.exception import Finding
from canonical.intake import Intake, JudgedItem, Judgement
from canonical.provenance import Origin
from canonical.rules.entry_checks import (
    Checked,
    Circumstances,
    Entry,
    as_they_are_now,
    categorized,
    check_batch,
    day_of,
)
from canonical.time_entry import ApprovalState, TimeEntry

OVERLAP = timedelta(minutes=10)
FIRST_WINDOW = timedelta(days=40)
_AT_ONCE = 2_000
_PENDING = (ApprovalState.SUBMITTED, ApprovalState.PENDING_CLIENT)
_NAMED = (Judgement.CONFLICTING, Judgement.CHANGED_AFTER_BILLING)


class TakeIn(BaseModel):
    """Ask a system for what changed since it was asked last."""

    origin: Origin
    system: str


class TakenIn(BaseModel):
    """What a poll came to: how many of each, how far it got, who is posted to, how much goes where charges are not served."""

    seen: int = 0
    counts: dict[str, int] = {}
    faulty: int = 0
    healed: int = 0
    until: datetime | None = None
    posting_to: list[str] = []
    charges_not_served: dict[str, int] = {}


class TakeInItems(BaseModel):
    """Entries to be read and judged again, by their ids in the system."""

    origin: Origin
    system: str
    source_ids: list[str] = []
    expense_ids: list[str] = []


@dataclass(frozen=True)
class TimeActivities:
    """The door for recorded work."""

    systems: Systems
    record: ContractsOfRecord
    billing: BillingBooks
    policy: BillingPolicy
    watermarks: Watermarks
    cases: Cases
    clock: Clock
    roster: Roster

    @activity.defn
    async def take_in_time(self, request: TakeIn) -> TakenIn:
        """Every changed entry and expense since the last poll, with an overlap; the mark never runs ahead of the source."""
        system, now = self.systems.get(request.system, Time), await self.clock.now()
        source = f"time/{system.name}"
        since = (await self.watermarks.read(source) or now - FIRST_WINDOW + OVERLAP) - OVERLAP
        around, taken = Around(), TakenIn(until=now)
        async for batch in _batches(_both(system, since, now)):
            await self._take(batch, around, taken, request.origin)
            activity.heartbeat(taken.seen)
        await self.watermarks.advance(source, now)
        return taken

    @activity.defn
    async def take_in_again(self, request: TakeInItems) -> TakenIn:
        """The same for entries that somebody decided on: what is sound now, or let pass, becomes billable."""
        system, taken = self.systems.get(request.system, Time), TakenIn()
        entries: list[Entry] = [*await system.entries_of(request.source_ids), *await system.expenses_of(request.expense_ids)]
        await self._take(entries, Around(), taken, request.origin, anew=True)
        return taken

    async def _take(self, batch: Sequence[Entry], around: Around, taken: TakenIn, origin: Origin, *, anew: bool = False) -> None:
        """What is approved and sound is rated and kept; the rest is work for people.

        What is not approved, or not billable any more, takes back what there was of it: the ledger knows whether there was any.
        """
        now, entries = await self.clock.now(), as_they_are_now(batch)
        circumstances = await self._surroundings.read(entries, around, now)
        entries = [categorized(entry, circumstances) for entry in entries]
        checked = await self._checked([entry for entry in entries if entry.is_billable], circumstances)
        intake, unrated = await self._kept(checked.passed, around, batch=f"{origin.step}/{taken.seen}", origin=origin)
        findings = [*checked.findings, *unrated]
        await self._take_back(intake, entries, around)
        gone = [*checked.waiting, *(entry for entry in entries if not entry.is_billable)]
        late = await self._withdraw(gone, origin)
        await self._keep_pending(entries, around)
        findings += await self._twins(intake, entries if anew else [], origin)
        findings += [changed_after(one) for one in intake.items if one.judgement in _NAMED]
        told = [self._with_money(one, entries, around) for one in [*findings, *map(taken_back_late, late)]]
        taken.healed += await self._queue.tell(told, entries, around, origin, now)
        taken.faulty += len(told)
        _count(taken, intake, len(batch))

    async def _kept(self, passed: Sequence[Entry], around: Around, *, batch: str, origin: Origin) -> tuple[Intake, list[Finding]]:
        """Time is rated in bulk, by the policy that holds for it; expenses one by one, since they are few."""
        found, unrated = Intake(), list[Finding]()
        for number, (policy, entries) in enumerate(self._surroundings.by_policy(passed, around)):
            intake, findings = await self.billing.entries.accept_time(
                _one_page(entries),
                around.book,
                partial(self._surroundings.place, around=around),
                policy=policy,
                batch=f"{batch}/{number}" if number else batch,
                origin=origin,
            )
            found, unrated = found.and_also(intake), [*unrated, *findings]
        expenses = [self._surroundings.rated(entry, around) for entry in passed if not isinstance(entry, TimeEntry)]
        items = [one for one in expenses if isinstance(one, Billable)]
        if items:
            found = found.and_also(await self.billing.entries.accept(items, batch=f"{batch}/expenses", origin=origin))
        return found, [*unrated, *(one for one in expenses if isinstance(one, Finding))]

    async def _take_back(self, intake: Intake, entries: Sequence[Entry], around: Around) -> None:
        """What changed after it was posted as a charge, and is not billed: taken back there, and in again as it is now."""
        exported = {one.reference: one for one in intake.of(Judgement.CHANGED_AFTER_EXPORT)}
        if exported:
            revised = [self._surroundings.rated(entry, around) for entry in entries if entry.reference in exported]
            why = "it changed after it was posted"
            items = [one for one in revised if isinstance(one, Billable)]
            await self.billing.charges.ask_back(
                [TakenBack(item=one.reference, version=one.source_version, reason=why, revised=one) for one in items]
            )

    async def _checked(self, entries: Sequence[Entry], around: Circumstances) -> Checked:
        """With what people let pass before. Twins are the ledger's to find: it knows those of every batch, in any order."""
        checked = check_batch(entries, around, finds_twins=False)
        decided = await self._queue.decided(checked.findings, entries)
        if not decided.overridden:
            return checked
        return check_batch(entries, around, overridden=decided.overridden, finds_twins=False)

    async def _twins(self, intake: Intake, looked_at: Sequence[Entry], origin: Origin) -> list[Finding]:
        judged = {one.reference: one for one in intake.of(Judgement.DUPLICATE)}
        if looked_at:
            judged |= {one.reference: one for one in await self._queue.held_twins([one.reference for one in looked_at])}
        return await self._queue.weigh_twins(list(judged.values()), origin) if judged else []

    async def _withdraw(self, entries: Sequence[Entry], origin: Origin) -> Sequence[JudgedItem]:
        if not entries:
            return []
        gone = [(entry.reference, entry.system, entry.source_version) for entry in entries]
        intake = await withdraw(self.billing, gone, "approval was taken back", origin=origin)
        return intake.of(Judgement.AFTER_BILLING)

    async def _keep_pending(self, entries: Sequence[Entry], around: Around) -> None:
        """What waits for an approval is no backlog of billing: a figure of its own (S15)."""
        waits = [entry for entry in entries if entry.is_billable and entry.state in _PENDING]
        gone = [entry.reference for entry in entries if not (entry.is_billable and entry.state in _PENDING)]
        await self.billing.pending.keep([self._pending(entry, around) for entry in waits], gone=gone)

    def _pending(self, entry: Entry, around: Around) -> PendingApproval:
        record = around.record(entry.project)
        return PendingApproval(
            reference=entry.reference,
            contract=entry.project,
            entity=record.contract.entity if record else "",
            person=entry.person,
            service=day_of(entry),
            hours=entry.hours if isinstance(entry, TimeEntry) else Decimal(0),
            money=self._surroundings.worth(entry, around),
            state=entry.state.value,
        )

    def _with_money(self, finding: Finding, entries: Sequence[Entry], around: Around) -> Finding:
        """What is at stake by our own rates, where the finding does not say it."""
        if finding.money is not None:
            return finding
        entry = next((one for one in entries if one.reference == finding.subject), None)
        return finding if entry is None else finding.changed(money=self._surroundings.worth(entry, around))

    @property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self.record, self.systems, self.billing, self.policy, self.roster)

    @property
    def _queue(self) -> IntakeQueue:
        return IntakeQueue(self.cases, self.billing, self.policy)


def _count(taken: TakenIn, intake: Intake, seen: int) -> None:
    taken.seen += seen
    for judgement, count in intake.counts.items():
        taken.counts[judgement.value] = taken.counts.get(judgement.value, 0) + count


async def _one_page(entries: Sequence[TimeEntry]) -> AsyncIterator[Sequence[TimeEntry]]:
    yield entries


async def _both(system: Time, since: datetime, until: datetime) -> AsyncIterator[Sequence[Entry]]:
    async for page in system.time_entries(since, until):
        yield page
    async for expenses in system.expenses(since, until):
        yield expenses


async def _batches(pages: AsyncIterator[Sequence[Entry]]) -> AsyncIterator[list[Entry]]:
    """Pages gathered into what is worth a transaction."""
    batch: list[Entry] = []
    async for page in pages:
        batch += page
        if len(batch) >= _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
