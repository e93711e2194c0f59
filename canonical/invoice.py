"""Invoices and credit memos: what we ask the ERP to post, the states it may move through, and what the ERP posted."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from canonical.billable import BillableKind, CreditDisposition
from canonical.errors import MoveRefused
from canonical.money import Currency, Money
from canonical.period import Period
from canonical.project import Dimensions
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class InvoiceState(StrEnum):
    """Where our request stands; what is paid of it is the ERP's to say."""

    PROPOSED = "proposed"
    HELD = "held"
    RELEASED = "released"
    DRAFTED = "drafted"
    POSTED = "posted"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    CREDITED = "credited"
    WITHDRAWN = "withdrawn"


ALLOWED = {
    (InvoiceState.PROPOSED, InvoiceState.HELD),
    (InvoiceState.PROPOSED, InvoiceState.RELEASED),
    (InvoiceState.PROPOSED, InvoiceState.WITHDRAWN),
    (InvoiceState.HELD, InvoiceState.PROPOSED),
    (InvoiceState.HELD, InvoiceState.RELEASED),
    (InvoiceState.HELD, InvoiceState.WITHDRAWN),
    (InvoiceState.RELEASED, InvoiceState.DRAFTED),
    (InvoiceState.RELEASED, InvoiceState.POSTED),
    (InvoiceState.RELEASED, InvoiceState.HELD),
    (InvoiceState.DRAFTED, InvoiceState.POSTED),
    (InvoiceState.DRAFTED, InvoiceState.WITHDRAWN),
    (InvoiceState.POSTED, InvoiceState.PARTLY_PAID),
    (InvoiceState.POSTED, InvoiceState.PAID),
    (InvoiceState.POSTED, InvoiceState.CREDITED),
    (InvoiceState.PARTLY_PAID, InvoiceState.PAID),
    (InvoiceState.PARTLY_PAID, InvoiceState.POSTED),
    (InvoiceState.PARTLY_PAID, InvoiceState.CREDITED),
    (InvoiceState.PAID, InvoiceState.POSTED),
    (InvoiceState.PAID, InvoiceState.PARTLY_PAID),
    (InvoiceState.PAID, InvoiceState.CREDITED),
}


def require_move(reference: str, now: InvoiceState, then: InvoiceState) -> None:
    """Refuse a move that is not allowed, with what to do instead."""
    if (now, then) not in ALLOWED:
        raise MoveRefused(
            f"Invoice {reference} is {now} and cannot become {then}",
            remedy="To change what was posted you must credit it; what is not posted yet can be withdrawn.",
        )


class LineKind(StrEnum):
    """What a document line is."""

    CHARGE = "charge"
    RETAINER_DRAW = "retainer_draw"
    ROUNDING = "rounding"


class DocumentLine(Part):
    """One line of an invoice or credit memo. ``amount`` is net of tax and rounded; a retainer draw is negative on an invoice.

    ``account`` is the revenue (or liability) account of the firm's chart that it posts to; ``billables`` are the references of
    the items behind it (at most a hundred are named, since a line may stand for thousands; ``items`` counts them all).
    """

    number: int
    kind: LineKind = LineKind.CHARGE
    billing: BillableKind | None = None
    line: str = ""
    description: str
    quantity: Decimal = Decimal(1)
    unit: str = ""
    rate: Money | None = None
    amount: Money
    tax_code: str = ""
    tax: Money | None = None
    account: str = ""
    service: Period | None = None
    dimensions: Dimensions = Dimensions()
    items: int = 1
    billables: tuple[str, ...] = ()


@published
class Invoice(Canonical):
    """One invoice as we request it: one bill-to, entity, currency and purchase order. ``due`` amounts are tax included.

    ``exchange_rate`` is functional currency of the entity per unit of ``currency``, frozen with its source and time (DESIGN 5).
    """

    reference: Reference
    contract: Reference
    entity: str
    customer: Reference
    currency: Currency
    invoice_date: date
    accounting_date: date
    due_date: date | None = None
    purchase_order: str = ""
    lines: tuple[DocumentLine, ...]
    tax: Money
    exchange_rate: Decimal | None = None
    exchange_rate_source: str = ""
    is_prior_period: bool = False
    memo: str = ""

    @property
    def net(self) -> Money:
        """The sum of the lines, tax not included."""
        return Money.sum((line.amount for line in self.lines), self.currency)

    @property
    def total(self) -> Money:
        """What the customer owes for it."""
        return self.net + self.tax


class CreditedAllocation(Part):
    """A credit names allocations, whole or in part, and says what becomes of the item (DESIGN 5)."""

    allocation: int
    amount: Money
    quantity: Decimal
    disposition: CreditDisposition


@published
class CreditMemo(Canonical):
    """A credit memo as we request it; amounts are positive, lines are what is taken back."""

    reference: Reference
    invoice: Reference
    contract: Reference
    entity: str
    customer: Reference
    currency: Currency
    memo_date: date
    accounting_date: date
    reason: str
    lines: tuple[DocumentLine, ...]
    tax: Money
    exchange_rate: Decimal | None = None

    @property
    def net(self) -> Money:
        """The sum of the lines, tax not included."""
        return Money.sum((line.amount for line in self.lines), self.currency)

    @property
    def total(self) -> Money:
        """What the customer no longer owes."""
        return self.net + self.tax


class DocumentState(StrEnum):
    """Where a document stands in the ERP."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"


class DocumentRecord(Part):
    """An invoice or credit memo as the ERP holds it; ``open`` is what is not paid or applied yet."""

    target_id: str
    number: str = ""
    reference: str = ""
    state: DocumentState
    net: Money
    tax: Money
    total: Money
    open: Money
    posted_on: date | None = None
    journal: str = ""
    url: str = ""
    version: str = ""
    changed_at: datetime | None = None
