"""What recorded work is judged and rated by: contracts, rate books, accounting periods, exchange rates; read once a poll."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import GeneralLedger
from activities.contract_of_record import ContractOfRecord, ContractsOfRecord
from activities.roster import Roster, Staff
from activities.systems import Systems
from canonical.billable import Billable
from canonical.contract import ContractLine
from canonical.errors import NotFound
from canonical.exception import Finding
from canonical.journal import AccountingPeriod
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.project import ProjectState
from canonical.rate_card import RateCard
from canonical.rules.close import LatePolicy
from canonical.rules.eligibility import placement_of
from canonical.rules.entry_checks import Circumstances, Entry, ProjectTerms, money_of
from canonical.rules.exchange import FrozenRate
from canonical.rules.expenses import EXCHANGE_RATE, frozen_on, rate_expense
from canonical.rules.rating import Placement, RateBook, RatingPolicy, card_of, rate_entry
from canonical.time_entry import ExpenseItem, TimeEntry

Pair = tuple[str, str, date]
"""The currency of an expense, that of its contract, and the day."""


@dataclass
class Around:
    """What was read so far in one poll. ``periods`` are only told of entities whose policy holds late work."""

    records: dict[str, ContractOfRecord | None] = field(default_factory=dict)
    cards: list[RateCard] = field(default_factory=list)
    places: dict[tuple[str, str], Placement] = field(default_factory=dict)
    terms: dict[str, ProjectTerms] = field(default_factory=dict)
    rated_by: RateBook | None = None
    periods: dict[str, tuple[AccountingPeriod, ...]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    quotes: dict[Pair, FrozenRate | None] = field(default_factory=dict)
    frozen: dict[str, FrozenRate] = field(default_factory=dict)
    staff: Staff | None = None

    @property
    def book(self) -> RateBook:
        """The rate cards of all contracts that were met so far."""
        if self.rated_by is None:
            self.rated_by = RateBook(self.cards)
        return self.rated_by

    def record(self, project: str) -> ContractOfRecord | None:
        """The activated contract of a project, if there is one."""
        return self.records.get(project)


@dataclass(frozen=True)
class Surroundings:
    """Reads what is missing; what a poll has read it keeps."""

    record: ContractsOfRecord
    systems: Systems
    billing: BillingBooks
    policy: BillingPolicy
    roster: Roster

    async def read(self, entries: Sequence[Entry], around: Around, now: datetime) -> Circumstances:
        """Everything that these entries are judged by."""
        await self._contracts({entry.project for entry in entries if entry.project}, around)
        await self._periods(around, now.date())
        await self._exchange([one for one in entries if isinstance(one, ExpenseItem)], around)
        around.staff = around.staff or await self.roster.staff(now)
        return self._circumstances(around, now)

    def rated(self, entry: Entry, around: Around) -> Billable | Finding | None:
        """Its price, or why it has none."""
        placement = self.place(entry, around)
        if isinstance(entry, TimeEntry):
            return rate_entry(entry, placement, around.book, self.policy.rating_policy(placement.entity, entry.work_date))
        terms = self.policy.expense_policy(placement.entity, entry.category, placement.currency, entry.spent_on)
        return rate_expense(entry, placement, terms, quote=_quote(entry, placement, around))

    def worth(self, entry: Entry, around: Around) -> Money | None:
        """By our own rates where they are known; else what its source says of its money."""
        is_known = isinstance(entry, TimeEntry) and around.record(entry.project) is not None
        rated = self.rated(entry, around) if is_known else None
        return rated.amount if isinstance(rated, Billable) else money_of(entry)

    def place(self, entry: Entry, around: Around) -> Placement:
        """Where an entry belongs: one object for each task, so that what its entries have in common is worked out once."""
        known = around.places.get((entry.project, entry.task))
        if known is None:
            record = around.records[entry.project]
            assert record is not None  # check_batch let nothing pass whose project is unknown
            known = around.places[entry.project, entry.task] = _placement(record, entry)
        return known

    def by_policy(self, entries: Sequence[Entry], around: Around) -> list[tuple[RatingPolicy, list[TimeEntry]]]:
        """Time by the rating policy that holds for its entity and day: as a rule there is one."""
        found: list[tuple[RatingPolicy, list[TimeEntry]]] = []
        groups: dict[tuple[str, date], list[TimeEntry]] = {}
        for entry in entries:
            if isinstance(entry, TimeEntry):
                entity = self.place(entry, around).entity
                group = groups.get((entity, entry.work_date))
                if group is None:
                    group = groups[entity, entry.work_date] = self._alike(found, entity, entry.work_date)
                group.append(entry)
        return found

    def _alike(self, found: list[tuple[RatingPolicy, list[TimeEntry]]], entity: str, on: date) -> list[TimeEntry]:
        """The group of the policy that holds there and then."""
        policy = self.policy.rating_policy(entity, on)
        group = next((group for known, group in found if known == policy), None)
        if group is None:
            found.append((policy, group := []))
        return group

    async def _contracts(self, references: Iterable[str], around: Around) -> None:
        for reference in sorted(set(references) - set(around.records)):
            try:
                found = await self.record.read(reference)
            except NotFound:
                around.records[reference] = None
                continue
            around.records[reference] = found
            around.terms[reference] = _terms(found)
            around.cards += [card_of(found.contract), *await self.billing.rate_cards.for_contracts([reference])]
            around.rated_by = None

    async def _periods(self, around: Around, today: date) -> None:
        """Only where late work is held does it matter here whether a period is closed; elsewhere the billing run asks."""
        entities = {found.contract.entity for found in around.records.values() if found}
        for entity in sorted(entities - around.asked):
            around.asked.add(entity)
            ledger = self.policy.system_for(Capability.GENERAL_LEDGER, Scope(entity=entity, service_date=today))
            if ledger and self.policy.late_policy(entity, today) is LatePolicy.HOLD:
                around.periods[entity] = tuple(await self.systems.get(ledger, GeneralLedger).periods(entity))

    async def _exchange(self, expenses: Sequence[ExpenseItem], around: Around) -> None:
        """Rates for what was paid in another currency than the contract's; one that was frozen on an item stays (DESIGN 5)."""
        foreign = [one for one in expenses if (pair := _pair(one, around)) and pair[0] != pair[1]]
        if not foreign:
            return
        versions = {one.reference: one.source_version for one in foreign}
        for known in await self.billing.billables.read(list(versions)):
            told = known.item.evidence.get(EXCHANGE_RATE, "")
            if told and known.item.source_version == versions[known.item.reference]:
                around.frozen[known.item.reference] = frozen_on(told)
        for pair in {found for one in foreign if (found := _pair(one, around))} - set(around.quotes):
            around.quotes[pair] = await self._holding(*pair)

    async def _holding(self, currency: str, wanted: str, on: date) -> FrozenRate | None:
        """The last rate up to the end of that day, told in either direction."""
        for base, quoted in ((currency, wanted), (wanted, currency)):
            held = await self.billing.exchange_rates.holding(base, quoted, on)
            if held is not None:
                return FrozenRate(base=base, quoted=quoted, rate=held.rate, source=held.source, at=held.at)
        return None

    def _circumstances(self, around: Around, now: datetime) -> Circumstances:
        # All of it was validated when it was read; to do so again for every batch would cost more than the batch.
        return Circumstances.model_construct(
            today=now.date(),
            projects=around.terms,
            people=around.staff.by_address if around.staff else {},
            knows_everybody=bool(around.staff and around.staff.is_whole),
            periods=around.periods,
            late=LatePolicy.HOLD,
        )


def _terms(record: ContractOfRecord) -> ProjectTerms:
    return ProjectTerms(
        entity=record.contract.entity,
        state=ProjectState.ACTIVE,
        currencies=(record.contract.currency,),
        converts_expenses=True,
        tasks=frozenset(record.lines_of_tasks),
        term=record.contract.term,
    )


def _placement(record: ContractOfRecord, entry: Entry) -> Placement:
    return placement_of(record.contract, _line(record, entry), record.project.dimensions)


def _line(record: ContractOfRecord, entry: Entry) -> ContractLine:
    line = record.lines_of_tasks.get(entry.task, "")
    return next((one for one in record.contract.lines if one.reference == line), record.contract.lines[0])


def _pair(expense: ExpenseItem, around: Around) -> Pair | None:
    record = around.record(expense.project)
    return (expense.amount.currency, record.contract.currency, expense.spent_on) if record else None


def _quote(expense: ExpenseItem, placement: Placement, around: Around) -> FrozenRate | None:
    asked = (expense.amount.currency, placement.currency, expense.spent_on)
    return around.frozen.get(expense.reference) or around.quotes.get(asked)
