"""What was offered: the CPQ's quote for a deal, and the deal itself as the CRM holds it."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from canonical.money import Currency, Money
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class BillingKind(StrEnum):
    """How a line becomes money (R77)."""

    FIXED_FEE = "fixed_fee"
    TIME_AND_MATERIALS = "time_and_materials"
    SUBSCRIPTION = "subscription"
    RETAINER = "retainer"
    USAGE = "usage"


class QuoteLine(Part):
    """One offered line. ``rate`` is per hour; ``quantity`` hours, months or pieces by kind; ``amount`` the line's total."""

    reference: Reference
    kind: BillingKind
    description: str
    service_template: str
    workstream: str = ""
    role: str = ""
    quantity: Decimal = Decimal(1)
    rate: Money | None = None
    amount: Money


@published
class Quote(Canonical):
    """The primary quote of a deal. Lines of one reference with different roles are one contract line with several rates."""

    reference: Reference
    version: str
    currency: Currency
    lines: tuple[QuoteLine, ...]
    start: date | None = None
    end: date | None = None
    payment_terms_days: int | None = None

    @property
    def total(self) -> Money:
        """The sum of the lines."""
        return Money.sum((line.amount for line in self.lines), self.currency)


class DealStage(StrEnum):
    """Where a deal stands for us."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@published
class Deal(Canonical):
    """An opportunity as the CRM holds it; ids are the CRM's own."""

    target_id: str
    version: str
    contract: Reference | None = None
    title: str
    stage: DealStage
    amount: Money | None = None
    account_id: str
    bill_to_account_id: str | None = None
    quote_id: str | None = None
    entity: str = ""
    region: str = ""
    service_line: str = ""
    purchase_orders: dict[str, str] = {}
