"""The ledger, as activities see it; satisfied by shape (DESIGN 4, 6); billing's part is in billing_books.py."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel

from canonical.billing_schedule import RevenuePlan
from canonical.engagement import EngagementRow
from canonical.event import InboundEvent, InboxRow
from canonical.exception import Case
from canonical.expectation import Expectation
from canonical.fact import Verdict
from canonical.provenance import Entry, Origin, Write
from canonical.written import Declaration, Written


class Clock(Protocol):
    """Business time: the one clock, which tests and rehearsals move."""

    async def now(self) -> datetime: ...


Call = Callable[[], Awaitable[Written]]
LookUp = Callable[[], Awaitable[Written | None]]


class Writes(Protocol):
    """The write protocol of DESIGN 4: reserve, call, record, look up, adopt."""

    async def once(
        self,
        write: Write,
        *,
        request: BaseModel | Mapping[str, object],
        call: Call,
        look_up: LookUp | None,
        declared: Declaration,
    ) -> Written:
        """Carry the write out once, however often and from wherever this is asked.

        Answers what was written, now or before. Raises OutcomePending (with retry_after) while a look-up would be too early,
        OutcomeUnknown where no look-up exists, KeyReusedWithDifferentContent for the same key with another request, and whatever
        definite failure the call raised.
        """
        ...

    async def written(self, key: str) -> Written | None:
        """What this key has written, if it has."""
        ...

    async def is_undecided(self, key: str) -> bool:
        """Whether it was begun, and what became of it is not recorded."""
        ...

    async def outcome(self, key: str, *, look_up: LookUp | None, declared: Declaration) -> Written | None:
        """What became of a write that is about to be undone: its record, or None when there surely is none (never sent,
        refused, or looked up and absent twice). Raises OutcomePending while that cannot be known yet, OutcomeUnknown where
        no look-up exists.
        It never sends anything; a key that turns out absent is closed, so that a late caller cannot carry it out afterwards."""
        ...

    async def settle(self, key: str, *, adopt: str | None, actor: str, reason: str) -> None:
        """A person's word on an unknown outcome: adopt that target id, or (None) it is surely absent and may be sent again."""
        ...


class Audit(Protocol):
    """The append-only trail (R147, R148)."""

    async def note(self, entries: Sequence[Entry]) -> None: ...


class CrossReferences(Protocol):
    """The binder: our reference and a system's id, each for the other (R32)."""

    async def to_theirs(self, system: str, kind: str, reference: str) -> str | None: ...
    async def to_ours(self, system: str, kind: str, target_id: str) -> str | None: ...
    async def all_of(self, reference: str) -> Mapping[tuple[str, str], str]:
        """Every (system, kind) -> target id that is bound to the reference."""
        ...


class Dossiers(Protocol):
    """Payloads by reference: what is too big or too private for a workflow's history, by the hash of its content."""

    async def keep(self, kind: str, reference: str, content: BaseModel) -> str: ...
    async def read(self, dossier: str) -> dict[str, object]: ...
    async def all_of(self, kind: str, reference: str) -> Sequence[dict[str, object]]:
        """Everything of a kind that was kept for a reference, the oldest first."""
        ...


class Cases(Protocol):
    """The exception queue, as activities use it; people use ledger.exceptions through operations."""

    async def open(self, cases: Sequence[Case]) -> list[int]:
        """Open them and answer the numbers, in order; one whose key is open already stays that case, its words renewed."""
        ...

    async def resolve(self, keys: Sequence[str], *, actor: str, reason: str) -> int:
        """Close cases that no longer hold, whatever their state; answers how many."""
        ...

    async def settled_of(self, numbers: Sequence[int]) -> Sequence[Case]:
        """Those of these cases that a person has settled."""
        ...

    async def waiting_under(self, code: str) -> Sequence[Case]:
        """Those of a code that wait for people."""
        ...

    async def of_keys(self, keys: Sequence[str]) -> Sequence[Case]:
        """The newest case of each business key, whatever its state."""
        ...

    async def open_of(self, customer: str, control_point: str) -> Sequence[Case]:
        """Those of a customer that wait at a control point, snoozed ones too."""
        ...

    async def settled_within(self, hours: int) -> Sequence[Case]:
        """Decisions of the last hours that a workflow was to hear, or that have an entry looked at again."""
        ...

    async def standing(self, subjects: Sequence[str], *, step: str) -> Sequence[Case]:
        """The open cases of these subjects that a step opened and no workflow waits for."""
        ...


class Facts(Protocol):
    """What is known of each canonical object's versions, kept for years; the door behind the inbox (DESIGN 4)."""

    async def judge(self, kind: str, reference: str, version: str, fingerprint: str) -> Verdict:
        """Record the version if it is new. ``stale``: older than the newest known (versions sort as text)."""
        ...

    async def versions(self, kind: str, reference: str) -> Sequence[str]: ...


class Received(Protocol):
    """What storing deliveries came to."""

    @property
    def new(self) -> Sequence[int]: ...
    @property
    def duplicates(self) -> int: ...


class Inbox(Protocol):
    """Deliveries, kept first and acted on second."""

    async def receive(self, events: Sequence[InboundEvent]) -> Received: ...
    async def rows(self, numbers: Sequence[int]) -> Sequence[InboxRow]: ...
    async def assign(self, number: int, contract: str) -> None:
        """Now it is known which contract the delivery is about; it is handed on."""
        ...

    async def conclude(self, numbers: Sequence[int], outcome: str) -> None:
        """``taken``, ``duplicate``, ``stale``, ``early``, ``conflicting``, ``foreign``; or ``parked``: handed on again later."""
        ...

    async def unpark_of(self, contract: str) -> int:
        """Hand a contract's parked deliveries on again at once."""
        ...


class Expectations(Protocol):
    """What should have happened and did not is found here by age (DESIGN 6)."""

    async def expect(self, expectation: Expectation) -> None:
        """Set it; one that exists stays as it is."""
        ...

    async def meet(self, keys: Sequence[str]) -> None: ...
    async def to_heal(self) -> Sequence[Expectation]:
        """Those whose heal time has come by business time and that are neither met nor healed; each is given out once."""
        ...

    async def to_raise(self) -> Sequence[Expectation]:
        """Those whose raise time has come and that are neither met nor raised; each is given out until `raised` is told."""
        ...

    async def raised(self, keys: Sequence[str]) -> None: ...


class Watermarks(Protocol):
    """How far each source has been polled (R107)."""

    async def read(self, source: str) -> datetime | None: ...
    async def advance(self, source: str, until: datetime) -> None:
        """Never backwards."""
        ...


class Upkeep(Protocol):
    """What the ledger does for itself at each sweep."""

    async def unpark(self, *, older_than_seconds: int) -> int:
        """Hand parked deliveries on again; answers how many."""
        ...

    async def escalate(self) -> Sequence[int]:
        """Pass overdue exceptions on to the next in their chain; answers their numbers."""
        ...

    async def anchor(self) -> None:
        """Bind the heads of all audit streams together."""
        ...


class Engagements(Protocol):
    """The projection that boards and commands read."""

    async def update(self, row: EngagementRow) -> None: ...
    async def read(self, reference: str) -> EngagementRow | None: ...
    async def customer_with(self, target_id: str) -> str | None:
        """The customer whose record in the ERP has that id."""
        ...

    async def using_customer(self, customer: str, *, besides: str) -> int:
        """How many other engagements, not withdrawn, are of this customer."""
        ...


class Plans(Protocol):
    """Planned revenue, by contract version, for the revenue process and forecasts (R49)."""

    async def plan_revenue(self, plan: RevenuePlan, *, version: int, origin: Origin) -> None: ...
    async def withdraw(self, reference: str, *, version: int, origin: Origin) -> None: ...
    async def extend(self, plan: RevenuePlan, *, version: int, origin: Origin) -> None:
        """Lines that join a version later, beside those that it plans already."""
        ...

    async def withdraw_lines(self, plan: RevenuePlan, *, version: int, origin: Origin) -> None:
        """The reverse of extend."""
        ...
