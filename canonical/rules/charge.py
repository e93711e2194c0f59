"""What of a billable item is to be billed now: all of it, or the part that a cap, an order or an earlier invoice leaves."""

from decimal import Decimal
from typing import Self

from canonical.billable import Billable
from canonical.money import Money
from canonical.schema import Part

_QUANTITY_STEP = Decimal("0.000001")


class Charge(Part):
    """An amount of an item, never more than was approved of it (U1); its quantity is in proportion."""

    billable: Billable
    amount: Money
    quantity: Decimal

    @classmethod
    def whole(cls, billable: Billable) -> Self:
        """All that was approved."""
        return cls(billable=billable, amount=billable.amount, quantity=billable.quantity)

    def cut(self, amount: Money) -> tuple[Self, Self]:
        """The charge as two: that amount, and the rest; together they are exactly this one."""
        share = amount.amount / self.amount.amount if self.amount.amount else Decimal(0)
        quantity = (self.quantity * share).quantize(_QUANTITY_STEP)
        first = self.changed(amount=amount, quantity=quantity)
        return first, self.changed(amount=self.amount - amount, quantity=self.quantity - quantity)
