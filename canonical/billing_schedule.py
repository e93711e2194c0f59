"""When and how a contract's lines are billed, as the ERP or billing engine is told at activation (R48)."""

from datetime import date
from enum import StrEnum

from canonical.contract import RateTerm
from canonical.money import Currency, Money
from canonical.period import Period
from canonical.quote import BillingKind
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class BillingTrigger(StrEnum):
    """What makes an item of the schedule billable."""

    ON_SIGNING = "on_signing"
    ON_ACCEPTANCE = "on_acceptance"
    ON_DATE = "on_date"


class ScheduledItem(Part):
    """One amount that will be billed; recurring items have their period."""

    reference: Reference
    line: Reference
    title: str
    trigger: BillingTrigger
    amount: Money
    on: date | None = None
    period: Period | None = None
    workstream: str = ""
    purchase_order: str = ""


class BillingRule(Part):
    """How time on a line is charged: the rates by role, and the cap."""

    reference: Reference
    line: Reference
    kind: BillingKind
    rates: tuple[RateTerm, ...] = ()
    cap: Money | None = None
    workstream: str = ""
    purchase_order: str = ""


@published
class BillingSchedule(Canonical):
    """All scheduled items and charge rules of a contract."""

    reference: Reference
    project: Reference
    customer: Reference
    entity: str
    currency: Currency
    items: tuple[ScheduledItem, ...] = ()
    rules: tuple[BillingRule, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether a system is to be told of it; what is metered alone is scheduled nowhere."""
        return bool(self.items or self.rules)

    @property
    def scheduled(self) -> Money:
        """The sum of the items (what rules will charge is not in it)."""
        return Money.sum((item.amount for item in self.items), self.currency)


class RevenuePlanItem(Part):
    """Revenue expected in a period, by line and treatment; a plan, not a posting."""

    line: Reference
    treatment: str
    period: Period
    amount: Money
    kind: BillingKind | None = None


@published
class RevenuePlan(Canonical):
    """The planned revenue schedule of a contract (R49)."""

    reference: Reference
    currency: Currency
    items: tuple[RevenuePlanItem, ...] = ()

    @property
    def total(self) -> Money:
        """What is planned in all."""
        return Money.sum((item.amount for item in self.items), self.currency)
