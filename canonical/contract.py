"""The contract: what was sold, to whom, by which legal entity, and how each line becomes money."""

from datetime import date, datetime
from decimal import Decimal

from canonical.document import DocumentReference
from canonical.money import Currency, Money
from canonical.party import Customer
from canonical.period import Period
from canonical.quote import BillingKind
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published
from canonical.usage import UsagePlan


class MilestoneTerm(Part):
    """A payment milestone of a fixed-fee line."""

    reference: Reference
    title: str
    amount: Money
    due: date | None = None
    after: tuple[Reference, ...] = ()
    clause: str = ""


class RateTerm(Part):
    """What an hour of a role costs the customer, and how many were planned."""

    role: str
    rate: Money
    hours: Decimal = Decimal(0)


class ContractLine(Part):
    """One sold line. ``amount`` is the fixed fee, the price of a subscription month, the retainer, or the use expected; time
    has rates instead."""

    reference: Reference
    kind: BillingKind
    description: str
    service_template: str
    workstream: str = ""
    amount: Money | None = None
    milestones: tuple[MilestoneTerm, ...] = ()
    rates: tuple[RateTerm, ...] = ()
    months: int = 0
    usage: UsagePlan | None = None
    cap: Money | None = None
    clause: str = ""

    def value(self, currency: str) -> Money:
        """What the line is worth over the contract's life: a fee, all subscription months, the retainer, use or hours."""
        if self.kind is BillingKind.SUBSCRIPTION and self.amount:
            return self.amount * max(self.months, 1)
        if self.amount is not None:
            return self.amount
        return Money.sum((term.rate * term.hours for term in self.rates), currency).rounded()


class PurchaseOrder(Part):
    """The customer's purchase order for a workstream (empty: for the whole contract)."""

    number: str
    workstream: str = ""
    amount: Money | None = None


@published
class Contract(Canonical):
    """An executed contract, composed from the deal, the quote and what was signed; the signed terms win (R38)."""

    reference: Reference
    version: int
    title: str
    entity: str
    currency: Currency
    customer: Customer
    bill_to: Customer | None = None
    region: str = ""
    service_line: str = ""
    term: Period | None = None
    executed_at: datetime | None = None
    payment_terms_days: int | None = None
    lines: tuple[ContractLine, ...]
    purchase_orders: tuple[PurchaseOrder, ...] = ()
    document: DocumentReference | None = None
    deal_id: str = ""
    source_versions: dict[str, str] = {}

    @property
    def value(self) -> Money:
        """The contract's whole value: what is at risk while it does not activate."""
        return Money.sum((line.value(self.currency) for line in self.lines), self.currency)

    @property
    def payer(self) -> Customer:
        """Who is billed."""
        return self.bill_to or self.customer

    @property
    def workstreams(self) -> tuple[str, ...]:
        """The workstreams of its lines, in order, each once."""
        return tuple(dict.fromkeys(line.workstream for line in self.lines))

    def purchase_order(self, workstream: str) -> PurchaseOrder | None:
        """The order that covers a workstream: its own, else the contract's."""
        covering = {order.workstream: order for order in self.purchase_orders}
        return covering.get(workstream) or covering.get("")
