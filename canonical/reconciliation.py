"""Reconciliation: what two sides hold of the same things, day by day, and what differs between them (DESIGN 7)."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from canonical.money import Money
from canonical.schema import Canonical, Part, published

_PARTS = "\x1f"


class Thing(StrEnum):
    """What a system is asked to list."""

    CONTRACT = "contract"
    PROJECT = "project"
    CUSTOMER = "customer"
    TIME = "time"
    EXPENSE = "expense"
    CHARGE = "charge"
    DOCUMENT = "document"
    PAYMENT = "payment"
    JOURNAL = "journal"


class DiscrepancyType(StrEnum):
    """What kind of difference a finding is."""

    MISSING = "MISSING"
    DUPLICATE = "DUPLICATE"
    AMOUNT = "AMOUNT"
    ROUNDING = "ROUNDING"
    ORPHAN = "ORPHAN"
    LATE = "LATE"
    STATUS = "STATUS"
    HELD = "HELD"

    @property
    def is_drift(self) -> bool:
        """Whether nothing explains it: what is late or waits on purpose is shown beside the drift, never in it."""
        return self not in {DiscrepancyType.LATE, DiscrepancyType.HELD}

    @property
    def heals(self) -> bool:
        """Whether running the handoff again is safe and enough; everything else is proposed to people."""
        return self in {DiscrepancyType.MISSING, DiscrepancyType.LATE}

    @property
    def proposes(self) -> bool:
        """Whether it becomes work for people at once."""
        return self in {DiscrepancyType.DUPLICATE, DiscrepancyType.AMOUNT, DiscrepancyType.ORPHAN, DiscrepancyType.STATUS}


class Listed(Part):
    """A record as a system lists it for comparison.

    ``reference`` is our name of it (empty where it bears none), ``about`` the id there of the project or customer it belongs to,
    ``content`` what a copy of it would have in common with it (see ``likeness``). A record that does not count (not approved,
    void, a draft) is told all the same, with its ``state``: its twin on the other side has a status, it is not missing.
    ``roundings`` is how many roundings the system made in its amount.
    """

    target_id: str
    reference: str = ""
    kind: str = ""
    day: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    quantity: Decimal | None = None
    state: str = ""
    counts: bool = True
    is_ours: bool = True
    project: str = ""
    about: str = ""
    version: str = ""
    content: str = ""
    roundings: int = 1
    changed_at: datetime | None = None


def likeness(alike: Iterable[object], exact: Iterable[object]) -> str:
    """What a copy has in common with its original: ``alike`` also after somebody changed one of them, ``exact`` until then."""
    return _PARTS.join("|".join(map(str, part)) for part in (alike, exact))


class Sought(Part):
    """A record that one side has and the other was not seen to have: before that is a finding, it is looked for by name."""

    reference: str
    target_id: str = ""
    kind: str = ""


class Comparison(Part):
    """An object of reconciliation: its two sides and what is listed. ``outside`` is the system beside our ledger; where it
    ``leads``, what it holds should be in the ledger, else what the ledger holds should be there."""

    name: str
    outside: str
    things: tuple[Thing, ...]
    leads: bool


class Bucket(Part):
    """Counts and sums of both sides, for one kind of things on one day."""

    comparison: str
    day: date | None
    kind: str
    currency: str
    left_count: int
    left_sum: Decimal
    right_count: int
    right_sum: Decimal
    is_equal: bool


class Side(Part):
    """What was compared: the systems, how many records each listed, and why, if it was not."""

    comparison: str
    left: str
    right: str
    left_count: int = 0
    right_count: int = 0
    not_compared: str = ""


class DiscrepancyState(StrEnum):
    """Where a finding stands; every change is kept."""

    OPEN = "open"
    CLOSED = "closed"


@published
class Discrepancy(Canonical):
    """One finding: ``money`` is right less left, so that the sum is the net drift; gross counts each without its sign."""

    number: int
    run: int
    entity: str
    comparison: str
    key: str
    kind: str = ""
    type: DiscrepancyType
    state: DiscrepancyState
    day: date | None = None
    contract: str = ""
    money: Money | None = None
    left: str = ""
    right: str = ""
    reason: str = ""
    targets: tuple[str, ...] = ()
    is_healed: bool = False
    since: datetime
    at: datetime

    def age_days(self, at: datetime) -> int:
        """For how many days it has stood."""
        return (at - self.since).days


class Position(Part):
    """A contract's money side by side: agreed, approved, billed, earned; ``overrun`` is effort above what was agreed (R136)."""

    contract: str
    currency: str
    agreed: Decimal
    approved: Decimal
    billed: Decimal
    earned: Decimal

    @property
    def unbilled(self) -> Decimal:
        """Approved and not billed: work in progress."""
        return self.approved - self.billed

    @property
    def deferred(self) -> Decimal:
        """Billed and not earned yet; below zero it is earned and not billed."""
        return self.billed - self.earned

    @property
    def overrun(self) -> Decimal:
        """Billable effort above the contract's terms."""
        return max(self.approved - self.agreed, Decimal(0))


class RunTotals(Part):
    """The drift of a run in one currency: net may be small where gross is not. Late and held stand beside it."""

    currency: str
    net: Decimal
    gross: Decimal
    late: Decimal
    held: Decimal
    findings: int


class ReconciliationRun(Part):
    """A run: one entity, the days it compared (both included), and what it saw as of the cut-off."""

    number: int
    entity: str
    since: date
    through: date
    as_of: datetime
    is_report_only: bool
    started_at: datetime
    finished_at: datetime | None = None
    workflow: str = ""


class Reconciliation(Part):
    """A run with all it found."""

    run: ReconciliationRun
    sides: list[Side] = []
    totals: list[RunTotals] = []
    buckets: list[Bucket] = []
    findings: list[Discrepancy] = []
    closed: list[Discrepancy] = []
    positions: list[Position] = []
