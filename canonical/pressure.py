"""What waits before a target that does not answer, or slowly: money at risk, and when it will have drained (R120, R122)."""

from datetime import timedelta
from decimal import Decimal

from canonical.money import Money
from canonical.schema import Part


class AtRisk(Part):
    """Approved and not posted as an invoice, of one entity: items, and what they come to."""

    entity: str
    items: int
    amount: Money


class Pressure(Part):
    """How much waits, and how fast it goes. ``waiting`` are posts to come: charges by item, invoices by document.

    ``a_minute`` is how many went in the last hour (``0``: none did); the drain is told by that.
    """

    at_risk: tuple[AtRisk, ...] = ()
    charges_waiting: int = 0
    invoices_waiting: int = 0
    a_minute: Decimal = Decimal(0)

    @property
    def waiting(self) -> int:
        """All that is to be posted."""
        return self.charges_waiting + self.invoices_waiting

    @property
    def drains_in(self) -> timedelta | None:
        """When it will be through at that speed; none while nothing went."""
        return timedelta(minutes=float(self.waiting / self.a_minute)) if self.a_minute else None
