"""What must hold: in the ledger, in the vendors' systems, on the deal, in the trail."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator

from canonical.billable import BillableKind
from canonical.engagement import EngagementStatus
from canonical.exception import CaseState
from canonical.invoice import InvoiceState
from canonical.sub_ledger import SubLedgerKind
from policies.shape import Shape
from rehearsal.words import Amount, MoneyText, Stretch
from rehearsal.world import SystemName

Target = Literal["customer", "psa_project", "erp_project", "schedule", "workspace", "signed_contract", "staffing"]
RecordKind = Literal[
    "customer", "project", "schedule", "workspace", "document", "milestone", "phase", "task", "resource", "deal", "note"
]


class EngagementCheck(Shape):
    """An engagement on the board: where it stands, what it is worth, which records it has."""

    contract: str
    status: EngagementStatus | None = None
    value: MoneyText | None = None
    version: int | None = None
    has: tuple[Target, ...] = ()
    lacks: tuple[Target, ...] = ()
    says: str | None = Field(default=None, description="words that its note holds")


class ExceptionsCheck(Shape):
    """How many exceptions there are of a code (in a state, of a contract, about a subject), and what each holds."""

    code: str
    contract: str | None = None
    subject: str | None = None
    state: CaseState | None = None
    count: int = 1
    money: MoneyText | None = None
    owner: str | None = None
    says: str | None = None


class RecordsCheck(Shape):
    """How many live records of a kind a system holds, of a contract or where fields have these values, and what they hold.

    Kinds are common words (project, customer ...), fields the vendor's own; amounts compare as numbers.
    """

    system: SystemName
    kind: RecordKind
    contract: str | None = None
    where: dict[str, Any] = {}
    live: bool = True
    count: int | None = None
    holds: dict[str, Any] = {}
    total: dict[str, Decimal] = Field(default={}, description="fields, and what they add up to over these records")

    @model_validator(mode="after")
    def _asks_something(self) -> "RecordsCheck":
        if self.count is None and not self.holds and not self.total:
            raise ValueError("nothing is asked of these records; give count, holds or total")
        return self


class DealCheck(Shape):
    """What the deal says of its handoff."""

    contract: str
    status: str | None = None
    says: str | None = None
    names: tuple[Literal["psa_project", "erp_project", "workspace"], ...] = ()


class DeliveriesCheck(Shape):
    """What came in (about a contract) and what it came to; ``all`` counts every copy."""

    contract: str | None = None
    all: int | None = None
    taken: int | None = None
    duplicates: int | None = None
    parked: int | None = None
    conflicting: int | None = None


class CallsCheck(Shape):
    """How many calls a vendor saw whose method and path are these."""

    system: SystemName
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: str = ""
    count: int


class EffectsCheck(Shape):
    """How many writes the ledger knows of a kind, and how they stand."""

    kind: str
    contract: str | None = None
    state: Literal["reserved", "calling", "unknown", "written", "refused", "reversed", "closed"] | None = None
    adopted: bool | None = None
    count: int = 1


class InvoiceCheck(Shape):
    """The invoices of a contract (of one billing run): how many, in which state, what each comes to.

    ``lines`` are the amounts of its lines in any order, ``posts`` what its journal comes to by account: debits positive.
    """

    contract: str
    run: str = ""
    count: int = 1
    state: InvoiceState | None = None
    net: MoneyText | None = None
    tax: MoneyText | None = None
    total: MoneyText | None = None
    purchase_order: str | None = None
    lines: tuple[Amount, ...] = ()
    posts: dict[str, Amount] = {}


class SubLedgerCheck(Shape):
    """A retainer (what is left), or a purchase order or cap (what is used)."""

    kind: SubLedgerKind = SubLedgerKind.RETAINER
    contract: str
    name: str
    balance: Amount


class BillablesCheck(Shape):
    """The items of a contract (of a kind): how many, what was approved, what is billed and not credited."""

    contract: str
    kind: BillableKind | None = None
    count: int | None = None
    approved: Amount | None = None
    billed: Amount | None = None


class TraceCheck(Shape):
    """The story that our own store tells of a contract holds these words."""

    contract: str
    holds: tuple[str, ...]


class AcknowledgedCheck(Shape):
    """How quickly deliveries were acknowledged."""

    p95_below: Stretch


class ActivationTimeCheck(Shape):
    """From the execution of a contract to its activation, in business time."""

    contract: str
    at_least: Stretch | None = None
    at_most: Stretch | None = None


class Check(Shape):
    """One thing that must hold; ``fact`` says it in words for those who watch."""

    fact: str = ""

    engagement: EngagementCheck | None = None
    engagements: int | None = Field(default=None, description="how many there are")
    exceptions: ExceptionsCheck | None = None
    records: RecordsCheck | None = None
    deal: DealCheck | None = None
    deliveries: DeliveriesCheck | None = None
    calls: CallsCheck | None = None
    effects: EffectsCheck | None = None
    invoices: InvoiceCheck | None = None
    sub_ledger: SubLedgerCheck | None = None
    billables: BillablesCheck | None = None
    trace: TraceCheck | None = None
    acknowledged: AcknowledgedCheck | None = None
    activation_time: ActivationTimeCheck | None = None
    untouched: tuple[SystemName, ...] | None = Field(default=None, description="systems in which nothing was written")

    @model_validator(mode="before")
    @classmethod
    def _has_one_subject(cls, given: object) -> object:
        subjects = sorted(set(given) - {"fact"}) if isinstance(given, dict) else ["it"]
        if len(subjects) != 1:
            raise ValueError(
                f"a check is about one thing, and this one is about {', '.join(subjects) or 'nothing'}; write one each"
            )
        return given

    @property
    def about(self) -> str:
        """Which kind of check it is."""
        return next(name for name in type(self).model_fields if name != "fact" and getattr(self, name) is not None)
