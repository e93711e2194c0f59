"""An obligation at the end of a period: its price and treatment, what was billed and delivered of it, and what its books hold."""

from datetime import date, datetime
from decimal import Decimal

from canonical.billable import BillableKind
from canonical.money import Currency, Money
from canonical.quote import BillingKind
from canonical.reference import Reference
from canonical.revenue_event import Progress, RevenueEvent, Treatment
from canonical.schema import Canonical, Part, published


@published
class ProgressMeasure(Canonical):
    """How far a contract line's work is on a day, and how far it will go: an estimate, made again for each period (R93).

    A later ``version`` for the same day replaces an earlier one; none is ever rewritten.
    """

    contract: Reference
    line: Reference
    as_of: date
    version: int = 1
    progress: Progress
    source: str = ""
    note: str = ""


class BilledPart(Part):
    """What stands billed of a contract line through a day, net of credits, by what it was and the account it was credited to."""

    kind: BillableKind
    account: str
    amount: Money


class Books(Part):
    """What was recognized of an obligation so far, and what its journals posted: revenue and liability as credits."""

    earned: Money
    revenue: Money
    asset: Money
    liability: Money

    @classmethod
    def empty(cls, currency: str) -> "Books":
        """Nothing yet."""
        nothing = Money.zero(currency)
        return cls(earned=nothing, revenue=nothing, asset=nothing, liability=nothing)


class LineStanding(Part):
    """A contract line as it stands at the end of a period, read from the ledger.

    ``price`` is what the contract's newest version plans in all, ``matured`` what it plans for periods that have ended,
    ``delivered`` what was accepted; ``books`` are by obligation.
    """

    contract: Reference
    line: Reference
    entity: str
    currency: Currency
    kind: BillingKind | None = None
    treatment: Treatment = Treatment.AS_BILLED
    price: Money
    matured: Money
    delivered: Money
    progress: Progress | None = None
    measured_on: date | None = None
    note: str = ""
    billed: tuple[BilledPart, ...] = ()
    books: dict[str, Books] = {}


class Recognition(Part):
    """What a period adds to an obligation's books; the posted parts balance: asset = liability + revenue (debit = credits)."""

    obligation: str
    contract: str
    line: str
    treatment: Treatment
    account: str
    amount: Money
    cumulative: Money
    billed: Money
    revenue: Money
    asset: Money
    liability: Money
    progress: Progress | None = None
    reason: str = ""


class RevenueRun(Part):
    """One recognition of an entity and period; a later one of the same period holds only what has changed since."""

    reference: str
    entity: str
    start: date
    end: date
    number: int
    state: str
    accounting_date: date
    obligations: int = 0
    journals: tuple[str, ...] = ()
    prepared_at: datetime | None = None


class EarnedRow(Part):
    """Billed against earned, by contract line and treatment (R94)."""

    contract: str
    line: str
    obligation: str
    treatment: Treatment
    earned: Money
    billed: Money
    asset: Money
    liability: Money
    last: RevenueEvent | None = None


class Sums(Part):
    """What the events of a run add up to by currency: what its journal is made of."""

    currency: Currency
    revenue: dict[str, Decimal]
    asset: Decimal
    liability: Decimal
    obligations: int = 0
