"""What a comparison misses is looked for by name before it is a finding, and recorded work gets its price (R135)."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from activities.billing_books import BillingBooks
from activities.billing_ports import Time
from activities.books import Clock
from activities.contract_of_record import ContractsOfRecord
from activities.intake_surroundings import Around, Surroundings
from activities.reconciliation_ports import LaggingListing, Listing, LookAgain, ReconciliationPolicy
from activities.roster import Roster
from activities.systems import Systems
from canonical.reconciliation import Comparison, Listed, Sought, Thing
from canonical.rules.entry_checks import Entry, categorized
from canonical.rules.reconciling import listed

_AT_ONCE = 2_000
_RECORDED = {Thing.TIME, Thing.EXPENSE}


@dataclass(frozen=True)
class SecondLook:
    """One bulk read of exactly what is missing, whatever the system."""

    systems: Systems
    record: ContractsOfRecord
    billing: BillingBooks
    policy: ReconciliationPolicy
    roster: Roster
    clock: Clock

    def lag(self, system: Listing) -> timedelta:
        """How far the system's lists may be behind what it holds."""
        return system.lists_lag if isinstance(system, LaggingListing) else timedelta(0)

    def at(self, system: Listing, comparison: Comparison, entity: str) -> LookAgain | None:
        """How the missing records of a comparison are read again; not at all where a list tells everything as it is."""
        if not isinstance(system, LaggingListing) and not _RECORDED.issuperset(comparison.things):
            return None

        async def again(sought: Sequence[Sought]) -> AsyncIterator[Sequence[Listed]]:
            for thing in comparison.things:
                for part in _parts([one for one in sought if len(comparison.things) == 1 or one.kind == thing.value]):
                    async for page in self._read(system, thing, part, entity):
                        activity.heartbeat(len(page))
                        yield page

        return again

    async def _read(
        self, system: Listing, thing: Thing, sought: Sequence[Sought], entity: str
    ) -> AsyncIterator[Sequence[Listed]]:
        if thing in _RECORDED:
            yield await self._recorded(system, thing, sought)
        elif isinstance(system, LaggingListing):
            async for page in system.listed_again(thing, sought, entity=entity):
                yield page

    async def _recorded(self, system: Listing, thing: Thing, sought: Sequence[Sought]) -> Sequence[Listed]:
        """Work that the ledger has no item of has no price there: it is worth what intake would make of it."""
        source, numbers = self.systems.get(system.name, Time), [one.target_id for one in sought]
        found: Sequence[Entry] = await (source.entries_of(numbers) if thing is Thing.TIME else source.expenses_of(numbers))
        surroundings = Surroundings(self.record, self.systems, self.billing, self.policy, self.roster)
        around = Around()
        circumstances = await surroundings.read(found, around, await self.clock.now())
        return [listed(one, surroundings.worth(one, around)) for one in (categorized(one, circumstances) for one in found)]


def _parts(sought: Sequence[Sought]) -> Iterator[Sequence[Sought]]:
    for start in range(0, len(sought), _AT_ONCE):
        yield sought[start : start + _AT_ONCE]
