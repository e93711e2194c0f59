"""Revenue that was earned in a period, by treatment; postings follow from it (R93)."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from canonical.money import Money
from canonical.period import Period
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class Treatment(StrEnum):
    """When revenue is earned (IFRS 15 / ASC 606: at a point in time, or over time by a measure of progress)."""

    POINT_IN_TIME = "point_in_time"
    OVER_TIME_BY_COST = "over_time_by_cost"
    OVER_TIME_BY_HOURS = "over_time_by_hours"
    STRAIGHT_LINE = "straight_line"
    AS_BILLED = "as_billed"


class Progress(Part):
    """A measure of progress: how much of how much is done (cost or hours)."""

    done: Decimal
    expected: Decimal


@published
class RevenueEvent(Canonical):
    """What an obligation (a contract line, or a milestone of it) earned in a period; negative where an estimate was corrected."""

    reference: Reference
    contract: Reference
    line: Reference
    obligation: str
    treatment: Treatment
    period: Period
    recognized_on: date
    amount: Money
    cumulative: Money
    progress: Progress | None = None
    reason: str = ""
