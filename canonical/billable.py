"""What may be billed, item by item: each hour, expense, milestone and period with what was approved, billed and credited."""

from decimal import Decimal
from enum import StrEnum

from canonical.money import Currency, Money
from canonical.period import Period
from canonical.project import Dimensions
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class BillableKind(StrEnum):
    """Where an item comes from."""

    TIME = "time"
    EXPENSE = "expense"
    MILESTONE = "milestone"
    SUBSCRIPTION = "subscription"
    USAGE = "usage"
    RETAINER = "retainer"
    RATE_DELTA = "rate_delta"


class CreditDisposition(StrEnum):
    """What becomes of an item that is credited (DESIGN 5)."""

    REOPENED = "reopened"
    WRITTEN_OFF = "written_off"
    PRICE_ADJUSTMENT = "price_adjustment"


class Work(Part):
    """Who did what: kept with the item, so that an invoice line leads back to it."""

    person: str = ""
    role: str = ""
    task: str = ""
    phase: str = ""
    approved_by: str = ""
    note: str = ""


@published
class Billable(Canonical):
    """One item. ``amount`` is rounded once, here; quantity times rate is how it came about (hours, pieces, months).

    ``service`` is when the service was rendered; it chooses the rate, the ERP and, while its period is open, the accounting date.
    ``evidence`` leads to clause, acceptance record, receipt: references and addresses, never content.
    """

    reference: Reference
    kind: BillableKind
    contract: Reference
    line: Reference
    entity: str
    customer: Reference
    currency: Currency
    service: Period
    quantity: Decimal = Decimal(1)
    unit: str = ""
    rate: Money | None = None
    rate_version: str = ""
    amount: Money
    description: str = ""
    workstream: str = ""
    purchase_order: str = ""
    tax_code: str = ""
    dimensions: Dimensions = Dimensions()
    work: Work = Work()
    source: str = ""
    source_version: str = ""
    evidence: dict[str, str] = {}


class Balance(Part):
    """What was approved, billed and credited of one item; ``closed`` is the credited part that is not to be billed again."""

    approved: Money
    billed: Money
    credited: Money
    closed: Money

    @property
    def net(self) -> Money:
        """What stands billed: never negative, never above what was approved (U1)."""
        return self.billed - self.credited

    @property
    def open(self) -> Money:
        """What may still be billed."""
        return self.approved - self.net - self.closed
