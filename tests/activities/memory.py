"""A system that remembers what it was sent, by our key, and can be told how its coming calls end."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from canonical.errors import Rejected
from canonical.written import Declaration, Written
from tests.ledger.vendor import DONE, NOT_DONE

HALFWAY = "halfway"


@dataclass
class Record:
    """What a system holds: its id, how it stands, and whether it is whole."""

    target_id: str
    kind: str
    reference: str
    state: str = "live"
    is_whole: bool = True
    reason: str = ""

    def written(self) -> Written:
        """As its connector answers."""
        return Written(target_id=self.target_id, url=f"https://systems.example/{self.target_id}")


@dataclass
class Fault:
    """How the next ``left`` calls of an operation about something end: a word of tests.ledger.vendor, or 'halfway'."""

    operation: str
    about: str
    ends: str = ""
    left: int = 1
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)


class Remembering:
    """Base of the remembering systems; ids hold our reference, so that faults can be meant for one contract only."""

    def __init__(self, name: str, *, is_searchable: bool = True) -> None:
        self.name = name
        self.is_searchable = is_searchable
        self.records: dict[str, Record] = {}
        self.faults: list[Fault] = []
        self.calls: Counter[tuple[str, str]] = Counter()
        self.order: list[tuple[str, str]] = []
        self._made = 0

    def declares(self, kind: str) -> Declaration:
        """Nothing takes time here."""
        key = "external_id" if self.is_searchable else None
        return Declaration(kind=kind, searchable_key=key, visibility_delay=timedelta(0), upstream_timeout=timedelta(0))

    async def check(self) -> str:
        """Always there."""
        return f"{self.name} answers"

    def fail(self, operation: str, about: str, ends: str, *, times: int = 1) -> None:
        """The coming calls about this end so."""
        self.faults.append(Fault(operation, about, ends, times))

    def hold(self, operation: str, about: str) -> Fault:
        """The coming call about this waits until ``gate`` is set; ``entered`` says that it has begun."""
        self.faults.append(Fault(operation, about, gate=asyncio.Event()))
        return self.faults[-1]

    def heal(self, about: str) -> None:
        """Nothing fails any more."""
        self.faults = [fault for fault in self.faults if fault.about != about]

    def living(self, reference: str) -> list[str]:
        """The kinds of records about this that are not undone."""
        return sorted(r.kind for r in self.records.values() if reference in r.reference and r.state not in {"gone", "archived"})

    def of(self, target_id: str) -> Record:
        """A record by its id."""
        return next(record for record in self.records.values() if record.target_id == target_id)

    def count(self, operation: str, about: str) -> int:
        """How often it was called about this."""
        return sum(times for (name, subject), times in self.calls.items() if name == operation and about in subject)

    async def make(self, operation: str, kind: str, reference: str, key: str) -> Written:
        """Create under the key, or complete what was half made under it."""

        def made() -> Written:
            record = self.records.get(key)
            if record is None or record.state == "gone" or record.state == "archived":
                self._made += 1
                record = self.records[key] = Record(f"{self.name}-{kind}-{reference}-{self._made}", kind, reference)
            record.is_whole = True
            return record.written()

        return await self.do(operation, reference, made, halfway=lambda: self._half(kind, reference, key))

    def find(self, key: str) -> Written | None:
        """What lives under the key and is whole."""
        record = self.records.get(key)
        is_there = record is not None and record.is_whole and record.state not in {"gone", "archived"}
        return record.written() if record is not None and is_there else None

    async def end(self, operation: str, target_id: str, reason: str, state: str = "gone") -> Written:
        """Reverse a record; one that is gone stays so."""

        def ended() -> Written:
            record = self.of(target_id)
            record.state, record.reason = state, record.reason or reason
            return record.written()

        return await self.do(operation, target_id, ended)

    async def clear(self, operation: str, key: str, reason: str) -> Written | None:
        """Reverse what lives under the key, whole or not."""
        record = self.records.get(key)
        alive = record is not None and record.state not in {"gone", "archived"}
        return await self.end(operation, record.target_id, reason) if record is not None and alive else None

    def take_along(self, target_id: str) -> None:
        """What is in it ends with it."""
        for record in self.records.values():
            if record.reference == target_id:
                record.state = "gone"

    async def do(
        self, operation: str, about: str, act: Callable[[], Written], *, halfway: Callable[[], None] | None = None
    ) -> Written:
        """Act as the coming fault says."""
        self.calls[(operation, about)] += 1
        self.order.append((operation, about))
        fault = next((f for f in self.faults if f.operation == operation and f.about in about and f.left), None)
        if fault is None:
            return act()
        fault.left -= 1
        fault.entered.set()
        if fault.gate is not None:
            await fault.gate.wait()
        if fault.ends == HALFWAY and halfway is not None:
            halfway()
            raise Rejected(f"{operation} was refused in the middle")
        if fault.ends in NOT_DONE:
            raise NOT_DONE[fault.ends]()
        written = act()
        if fault.ends in DONE:
            raise DONE[fault.ends]()
        return written

    def _half(self, kind: str, reference: str, key: str) -> None:
        self._made += 1
        self.records[key] = Record(f"{self.name}-{kind}-{reference}-{self._made}", kind, reference, is_whole=False)
