"""How work becomes invoices: accounts, rating, grouping, closed periods, retainers, release; by entity if one differs (R82)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from pydantic import Field

from canonical.billable import BillableKind
from canonical.claim import GroupBy
from canonical.money import Money
from canonical.rules.cash_application import CashTerms
from canonical.rules.close import LatePolicy
from canonical.rules.expenses import ExpensePolicy
from canonical.rules.postings import Chart
from canonical.rules.rating import RatingPolicy
from canonical.rules.recurring import RecurringPolicy
from canonical.rules.retroactive import RetroactivePolicy
from canonical.written import RoundingLevel
from policies.shape import Flaw, Path, Shape, Version, Versioned


class ExpenseTerms(Shape):
    """Expenses passed on: with what markup (0.10 is ten per cent), up to how much of a category an item is billable."""

    markup: Decimal = Field(default=Decimal(0), ge=0)
    caps: dict[str, tuple[Money, ...]] = {}

    def policy(self, category: str, currency: str) -> ExpensePolicy:
        """What holds for an expense of that category."""
        cap = next((one for one in self.caps.get(category, ()) if one.currency == currency), None)
        return ExpensePolicy(markup=self.markup, cap=cap)


class RetainerTerms(Shape):
    """When a retainer is topped up: once a draw brings it to that share of what the contract says, or below (S09); and after how
    many months from the contract's first day what is left expires (unless said: never)."""

    top_up_at: Decimal = Field(default=Decimal("0.20"), ge=0, le=1)
    expires_after_months: int | None = Field(default=None, ge=1)


class ReleaseTerms(Shape):
    """Which invoices (or credits) go out without another person: those not above the amount in their currency (R84, R80)."""

    straight_through: tuple[Money, ...] = ()

    def needs_person(self, total: Money) -> bool:
        """Whether somebody must release it; a currency without an amount always asks."""
        limit = next((one for one in self.straight_through if one.currency == total.currency), None)
        return limit is None or total > limit


class BillingTerms(Shape):
    """What holds for an entity, or for all that have no terms of their own."""

    lines_by: tuple[GroupBy, ...] = (GroupBy.ROLE, GroupBy.RATE)
    rating: RatingPolicy = RatingPolicy()
    rounding_level: Literal[RoundingLevel.LINE, RoundingLevel.DOCUMENT] = Field(
        default=RoundingLevel.LINE,
        description="line: an invoice is the sum of amounts that were each rounded when rated; document: it is their exact sum,"
        " rounded once, and a line on the rounding account says the difference",
    )
    recurring: RecurringPolicy = RecurringPolicy()
    expenses: ExpenseTerms = ExpenseTerms()
    retainer: RetainerTerms = RetainerTerms()
    release: ReleaseTerms = ReleaseTerms()
    credit: ReleaseTerms = Field(default=ReleaseTerms(), description="which credits need no second person")
    cash: CashTerms = CashTerms()
    closed_period: LatePolicy = LatePolicy.NEXT_OPEN
    retroactive_rate: RetroactivePolicy = RetroactivePolicy.DELTA
    payment_terms_days: int = Field(default=30, ge=0)
    tax_codes: dict[BillableKind, str] = {}
    purchase_order_tolerance: dict[str, Money] = Field(default={}, description="by customer: how far above an order it pays")


class BillingVersion(Version):
    """The rules of billing, from a date. ``billing_codes`` map labor categories to the ERP's codes (R64)."""

    accounts: Chart = Chart()
    billing_codes: dict[str, str] = {}
    general: BillingTerms = BillingTerms()
    by_entity: dict[str, BillingTerms] = {}

    def terms(self, entity: str) -> BillingTerms:
        """The entity's own terms, else the general ones."""
        return self.by_entity.get(entity, self.general)


class Billing(Versioned[BillingVersion]):
    """The billing file."""

    def flaws(self, entities: frozenset[str]) -> Iterator[Flaw]:
        """The entities that have terms of their own exist."""
        yield from self.order_flaws()
        for number, version in enumerate(self.versions):
            path: Path = ("versions", number, "by_entity")
            for code in [code for code in version.by_entity if code not in entities]:
                yield Flaw((*path, code), f"there is no entity {code!r}", "Name an entity of entities.yaml.")
