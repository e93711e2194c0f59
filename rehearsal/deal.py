"""A deal in business words: who buys what from whom at which price, and what the contract that they signed says."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from policies.shape import Shape
from rehearsal.words import Amount

Kind = Literal["fixed_fee", "time_and_materials", "subscription", "retainer", "usage"]


class Party(Shape):
    """A company: the customer, or who is billed in its place."""

    name: str = "Acme"
    legal_name: str | None = None
    number: str = "10001"
    tax_number: str | None = "12-3456789"
    street: str | None = "200 Market Street"
    city: str | None = "Springfield"
    state: str | None = None
    postal_code: str | None = "62701"
    country: str = "US"
    purchase_order_per_workstream: bool = False


class Milestone(Shape):
    """A part of a fixed fee that is due when the customer accepts it."""

    milestone: str
    title: str
    amount: Amount
    due: date | None = None


class Role(Shape):
    """What an hour of a role costs and how many are planned."""

    rate: Amount
    hours: Amount = Decimal(0)


class Use(Shape):
    """What a unit of metered use costs: a price, or tiers by the quantity up to which each holds, the last one "above"."""

    unit: str = ""
    price: Amount
    expected: Amount = Field(default=Decimal(0), description="how many units the quote counts on, in the whole term")
    included: Amount = Decimal(0)
    tiers: dict[str, Amount] = {}


class Line(Shape):
    """One thing sold. ``amount`` is the fixed fee, the retainer, or the price of one month of a subscription."""

    line: str
    sells: str = Field(default="implementation", description="the service template")
    title: str = ""
    kind: Kind = "fixed_fee"
    workstream: str = ""
    amount: Amount | None = None
    months: int | None = Field(default=None, ge=1)
    milestones: tuple[Milestone, ...] = ()
    roles: dict[str, Role] = {}
    use: Use | None = None
    clause: str = ""

    @model_validator(mode="after")
    def _is_priced(self) -> "Line":
        if self.kind == "time_and_materials" and not self.roles:
            raise ValueError(f"line {self.line} sells time and has no roles; add roles with rate and hours")
        if (self.kind == "usage") != (self.use is not None):
            raise ValueError(f"line {self.line} must say what its use costs if its kind is usage, and only then")
        if self.kind not in {"time_and_materials", "usage"} and self.amount is None:
            raise ValueError(f"line {self.line} has no amount; add it")
        if self.kind == "subscription" and self.months is None:
            raise ValueError(f"line {self.line} is a subscription without months; add how many are sold")
        return self

    @property
    def value(self) -> Decimal:
        """What the line is worth over its whole term."""
        if self.kind == "time_and_materials":
            return sum((role.rate * role.hours for role in self.roles.values()), Decimal(0))
        if self.use:
            return self.use.price * self.use.expected
        return (self.amount or Decimal(0)) * (self.months or 1)


class Deal(Shape):
    """One contract from quote to signature. ``signed`` is what the contract says other than the quote: a label and its text, or
    null for a term that it leaves out."""

    title: str = ""
    customer: Party = Party()
    bill_to: Party | None = None
    entity: str | None = "US01"
    region: str = "AMER"
    service_line: str = "Consulting"
    currency: str = "USD"
    starts: date = date(2026, 12, 1)
    ends: date = date(2027, 5, 31)
    payment_terms_days: int = 30
    purchase_orders: dict[str, str] = Field(default={}, description="by workstream; under '' one for the whole contract")
    stage: Literal["open", "won"] = "won"
    lines: tuple[Line, ...] = ()
    signed: dict[str, str | None] = {}

    @property
    def value(self) -> Decimal:
        """What the quote adds up to."""
        return sum((line.value for line in self.lines), Decimal(0))

    def terms(self) -> dict[str, str]:
        """The labelled terms of the contract as signed."""
        said: dict[str, str | None] = {
            "total": f"{self.value:,.2f}",
            "currency": self.currency,
            "legal_entity": self.entity,
            "payment_terms_days": str(self.payment_terms_days),
            "start_date": self.starts.isoformat(),
            "end_date": self.ends.isoformat(),
        }
        for line in self.lines:
            said.update(_of_line(line))
        said.update(self.signed)
        return {label: text for label, text in said.items() if text is not None}


def _of_line(line: Line) -> dict[str, str]:
    found: dict[str, str] = {f"line.{line.line}.kind": line.kind}
    if line.amount is not None:
        found[f"line.{line.line}.amount"] = f"{line.amount:,.2f}"
    if line.months is not None:
        found[f"line.{line.line}.months"] = str(line.months)
    if line.clause:
        found[f"line.{line.line}.clause"] = line.clause
    if line.use:
        found.update(_of_use(line, line.use))
    for name, role in line.roles.items():
        found[f"line.{line.line}.rate.{name}"] = f"{role.rate:,.2f}"
    for milestone in line.milestones:
        found.update(_of_milestone(line, milestone))
    return found


def _of_use(line: Line, use: Use) -> dict[str, str]:
    prefix = f"line.{line.line}"
    found = {f"{prefix}.amount": f"{line.value:,.2f}", f"{prefix}.unit": use.unit}
    if use.included:
        found[f"{prefix}.included"] = f"{use.included:f}"
    return found | {f"{prefix}.tier.{up_to}": f"{price:f}" for up_to, price in use.tiers.items()}


def _of_milestone(line: Line, milestone: Milestone) -> dict[str, str]:
    prefix = f"milestone.{milestone.milestone}"
    found = {
        f"{prefix}.amount": f"{milestone.amount:,.2f}",
        f"{prefix}.title": milestone.title,
        f"{prefix}.line": line.line,
    }
    return found | ({f"{prefix}.due": milestone.due.isoformat()} if milestone.due else {})
