"""Time and expenses come in: polled, checked, rated in bulk, kept as items; each is safe to run twice (R61-R68)."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import Time
from activities.contract_of_record import ContractOfRecord, ContractsOfRecord
from activities.ports import Cases, Clock, Watermarks
from activities.systems import Systems
from canonical.billable import Billable
from canonical.errors import NotFound
from canonical.exception import Case, Finding
from canonical.intake import Judgement
from canonical.project import ProjectState
from canonical.provenance import Origin
from canonical.rules.eligibility import placement_of
from canonical.rules.entry_checks import Circumstances, Entry, ProjectTerms, check_batch
from canonical.rules.expenses import rate_expense
from canonical.rules.rating import RateBook, card_of, rate_entry
from canonical.time_entry import TimeEntry

OVERLAP = timedelta(minutes=10)
FIRST_WINDOW = timedelta(days=40)
_AT_ONCE = 2_000


class TakeIn(BaseModel):
    """Ask a system for what changed since it was asked last."""

    origin: Origin
    system: str


class TakenIn(BaseModel):
    """What a poll came to: how many of each, and how far it got."""

    seen: int = 0
    counts: dict[str, int] = {}
    faulty: int = 0
    healed: int = 0
    until: datetime | None = None


class TakeInItems(BaseModel):
    """Entries to be read and judged again, by their ids in the system."""

    origin: Origin
    system: str
    source_ids: list[str]


@dataclass
class _Around:
    """What the entries of one poll are judged by, read once for each contract."""

    records: dict[str, ContractOfRecord | None] = field(default_factory=dict)
    books: dict[str, RateBook] = field(default_factory=dict)


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

    @activity.defn
    async def take_in_time(self, request: TakeIn) -> TakenIn:
        """Every changed entry and expense since the last poll, with an overlap; the mark never runs ahead of the source."""
        system, now = self.systems.get(request.system, Time), await self.clock.now()
        source = f"time/{system.name}"
        since = (await self.watermarks.read(source) or now - FIRST_WINDOW + OVERLAP) - OVERLAP
        around, taken = _Around(), TakenIn(until=now)
        async for batch in _batches(_both(system, since, now)):
            await self._take(batch, around, taken, request.origin)
            activity.heartbeat(taken.seen)
        await self.watermarks.advance(source, now)
        return taken

    @activity.defn
    async def take_in_again(self, request: TakeInItems) -> TakenIn:
        """The same for entries that were faulty: what was corrected since becomes billable and its exceptions close."""
        system, taken = self.systems.get(request.system, Time), TakenIn()
        entries = await system.entries_of(request.source_ids)
        await self._take(list(entries), _Around(), taken, request.origin)
        return taken

    async def _take(self, batch: Sequence[Entry], around: _Around, taken: TakenIn, origin: Origin) -> None:
        """What is approved and sound is rated and kept; the rest is work for people.

        What is not approved, or not billable any more, takes back what there was of it: the ledger knows whether there was any.
        """
        await self._read_contracts({entry.project for entry in batch if entry.project}, around)
        checked = check_batch(
            [entry for entry in batch if entry.is_billable], self._circumstances(around, await self.clock.now())
        )
        rated = [self._rated(entry, around) for entry in checked.passed]
        items = [one for one in rated if isinstance(one, Billable)]
        findings = [*checked.findings, *(one for one in rated if isinstance(one, Finding))]
        intake = await self.billing.entries.accept(items, batch=f"{origin.step}/{taken.seen}", origin=origin)
        await self._withdraw([*checked.waiting, *(entry for entry in batch if not entry.is_billable)], origin)
        taken.seen += len(batch)
        taken.faulty += len(findings)
        for judgement, count in intake.counts.items():
            taken.counts[judgement.value] = taken.counts.get(judgement.value, 0) + count
        told = [*findings, *(_changed_after(one.reference, one.judgement, str(one.was), str(one.now)) for one in intake.items)]
        projects = {entry.reference: entry.project for entry in batch}
        taken.healed += await self._tell(told, items, projects, around, origin)

    async def _read_contracts(self, references: Iterable[str], around: _Around) -> None:
        for reference in sorted(set(references) - set(around.records)):
            try:
                found = await self.record.read(reference)
            except NotFound:
                around.records[reference] = None
                continue
            around.records[reference] = found
            cards = await self.billing.rate_cards.for_contracts([reference])
            around.books[reference] = RateBook([card_of(found.contract), *cards])

    def _circumstances(self, around: _Around, now: datetime) -> Circumstances:
        known = {name: record for name, record in around.records.items() if record is not None}
        terms = {
            name: ProjectTerms(
                entity=record.contract.entity,
                state=ProjectState.ACTIVE,
                currencies=(record.contract.currency,),
                tasks=frozenset(record.lines_of_tasks),
            )
            for name, record in known.items()
        }
        return Circumstances(today=now.date(), projects=terms)

    def _rated(self, entry: Entry, around: _Around) -> Billable | Finding | None:
        record = around.records[entry.project]
        assert record is not None  # check_batch let nothing pass whose project is unknown
        line = record.lines_of_tasks.get(entry.task, "")
        of = next((one for one in record.contract.lines if one.reference == line), record.contract.lines[0])
        placement = placement_of(record.contract, of, record.project.dimensions)
        if isinstance(entry, TimeEntry):
            policy = self.policy.rating_policy(placement.entity, entry.work_date)
            return rate_entry(entry, placement, around.books[entry.project], policy)
        terms = self.policy.expense_policy(placement.entity, entry.category, placement.currency, entry.spent_on)
        return rate_expense(entry, placement, terms)

    async def _withdraw(self, entries: Sequence[Entry], origin: Origin) -> None:
        if entries:
            gone = [(entry.reference, entry.system, entry.source_version) for entry in entries]
            await self.billing.billables.withdraw(gone, "approval was taken back", origin=origin)

    async def _tell(
        self, told: Sequence[Finding], items: Sequence[Billable], projects: dict[str, str], around: _Around, origin: Origin
    ) -> int:
        """Faults become exceptions, one an entry and code; those of entries that are sound now are closed."""
        now = await self.clock.now()
        await self.cases.open([self._case(one, projects.get(one.subject, ""), around, origin, now) for one in told])
        faulty = {finding.subject for finding in told}
        sound = [f"{code}/{item.reference}" for item in items if item.reference not in faulty for code in HEALED_BY_ITSELF]
        return await self.cases.resolve(sound, actor="handoff", reason="The entry is sound now.") if sound else 0

    def _case(self, finding: Finding, project: str, around: _Around, origin: Origin, now: datetime) -> Case:
        record = around.records.get(project)
        entity = record.contract.entity if record else ""
        terms = self.policy.case_terms(finding.code, entity, now)
        return Case(
            key=f"{finding.code}/{finding.subject}",
            code=finding.code,
            sentence=finding.sentence,
            remedy=finding.remedy,
            subject=finding.subject,
            evidence=finding.evidence,
            can_override=finding.can_override,
            money_amount=finding.money.amount if finding.money else None,
            money_currency=finding.money.currency if finding.money else None,
            engagement=project if record else "",
            customer=record.contract.payer.reference if record else "",
            project=project,
            entity=entity,
            correlation=origin.correlation,
            control_point="billing_eligibility",
            step=origin.step,
            owner_role=terms.owner_role,
            opened_at=now,
            due_at=terms.due_at,
        )


HEALED_BY_ITSELF = (
    "ENTRY_NO_PROJECT", "EXPENSE_NO_PROJECT", "PROJECT_UNKNOWN", "PROJECT_CLOSED", "ENTRY_NO_TASK", "TASK_UNKNOWN",
    "ENTRY_NO_PERSON", "EXPENSE_NO_PERSON", "PERSON_UNKNOWN", "ENTRY_NO_CATEGORY", "EXPENSE_NO_CATEGORY", "HOURS_NOT_POSITIVE",
    "HOURS_ABOVE_A_DAY", "AMOUNT_NOT_POSITIVE", "TOO_MANY_DIGITS", "TAX_ABOVE_AMOUNT", "CURRENCY_NOT_ACCEPTED",
    "SUBCONTRACTOR_PO_MISSING", "RATE_MISSING", "RATE_ZERO", "DUPLICATE_ENTRY",
)  # fmt: skip
"""The faults of an entry that end when it is corrected at its source."""


def _changed_after(reference: str, judgement: Judgement, was: str, now: str) -> Finding:
    return Finding(
        code=judgement.value.upper(),
        subject=reference,
        sentence=f"{reference} was {was} when it was billed or kept, and is {now} at its source now.",
        remedy="Decide whether it is credited, billed as a difference, or left; then settle with retry.",
        evidence={"entry": reference, "was": was, "now": now},
        can_override=False,
    )


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
