"""A billing run's claim on what is open, and what came of it; posting batches of charges likewise."""

from datetime import date
from enum import StrEnum

from canonical.billable import BillableKind
from canonical.invoice import InvoiceState
from canonical.money import Money
from canonical.reference import Reference
from canonical.schema import Part


class GroupBy(StrEnum):
    """What makes a line of its own, beside contract line, kind, unit, tax code and dimensions, which always do."""

    ROLE = "role"
    RATE = "rate"
    PERSON = "person"
    TASK = "task"
    PHASE = "phase"
    WORKSTREAM = "workstream"
    DESCRIPTION = "description"
    MONTH = "month"
    ITEM = "item"


class Claim(Part):
    """What a run bills: open items of these contracts whose service began through a day (that day included), oldest first.

    ``run`` is the business key: the same run asked again has the same documents. One document comes of each contract, bill-to,
    entity, currency and purchase order; where there are several their references are numbered. Nothing named means everything.
    ``bill_to`` is a customer other than the items' own, who is billed for them (S07).
    """

    run: str
    reference: Reference
    contracts: tuple[str, ...]
    entity: str = ""
    since: date | None = None
    through: date | None = None
    purchase_order: str | None = None
    kinds: tuple[BillableKind, ...] = ()
    lines: tuple[str, ...] = ()
    billables: tuple[str, ...] = ()
    bill_to: str = ""
    group_by: tuple[GroupBy, ...] = (GroupBy.ROLE, GroupBy.RATE)
    document_date: date
    accounting_date: date
    due_date: date | None = None
    is_prior_period: bool = False
    prior_before: date | None = None
    memo: str = ""
    correlation: str = ""


class ClaimedDocument(Part):
    """A document that a run made; ``net`` before tax."""

    reference: str
    contract: str
    entity: str
    customer: str
    purchase_order: str = ""
    net: Money
    state: InvoiceState
    items: int


class LeftOver(Part):
    """What found no room under a cap or purchase order: held under the code (``CAP_EXCEEDED``, ``PO_EXHAUSTED``)."""

    code: str
    contract: str
    name: str
    amount: Money
    items: int


class Claimed(Part):
    """The documents of a run, and what waits for room in the contracts it billed."""

    documents: tuple[ClaimedDocument, ...] = ()
    left: tuple[LeftOver, ...] = ()
