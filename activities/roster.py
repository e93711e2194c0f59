"""Who works for the firm, as its HR systems say: read whole once, then what changed, for as long as the worker lives (R55)."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio import activity

from activities.billing_books import BillingPolicy
from activities.billing_ports import People
from activities.systems import Systems
from canonical.errors import Transient
from canonical.landscape import Capability, Scope
from canonical.person import Person

_OVERLAP = timedelta(hours=1)  # HR's clock and ours need not agree
_GOOD_ENOUGH = timedelta(days=1)


@dataclass
class Staff:
    """Everybody by address, in small letters; ``is_whole`` where HR speaks for each legal entity: then nobody else works here."""

    by_address: dict[str, Person] = field(default_factory=dict)
    is_whole: bool = False


@dataclass
class _Held:
    people: dict[str, Person]
    at: datetime


@dataclass
class Roster:
    """One for a worker. Where nobody serves ``people``, nobody is asked."""

    systems: Systems
    policy: BillingPolicy
    _held: dict[str, _Held] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def staff(self, now: datetime) -> Staff:
        """As it is now: a person may be at home in another entity than the project's, so every HR system is asked."""
        today = now.date()
        serving = [
            self.policy.system_for(Capability.PEOPLE, Scope(entity=entity, service_date=today))
            for entity in self.policy.legal_entities(today)
        ]
        names = [name for name in dict.fromkeys(serving) if name]
        async with self._reading:
            people = [await self._people(name, now) for name in names]
        return Staff({address: one for found in people for address, one in found.items()}, bool(names) and None not in serving)

    async def _people(self, name: str, now: datetime) -> dict[str, Person]:
        """What is held, and what changed since. While HR does not answer, a day's old roster serves: work is not lost for it."""
        held = self._held.get(name)
        try:
            found = await self._read(name, held.at - _OVERLAP if held else None, now)
        except Transient:
            if held is None or now - held.at > _GOOD_ENOUGH:
                raise
            return held.people
        people = {**(held.people if held else {}), **found}
        self._held[name] = _Held(people, now)
        return people

    async def _read(self, name: str, since: datetime | None, now: datetime) -> dict[str, Person]:
        found: dict[str, Person] = {}
        async for page in self.systems.get(name, People).people(since, now.date()):
            found |= {person.email.casefold(): person for person in page if person.email}
            activity.heartbeat(f"{len(found)} people of {name}")
        return found
