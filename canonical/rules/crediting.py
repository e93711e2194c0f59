"""Credits: which allocations they take, whole or in part, and what becomes of the items (S06, S08, S16)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from canonical.billable import CreditDisposition
from canonical.errors import Rejected
from canonical.invoice import CreditedAllocation
from canonical.money import Money
from canonical.reference import Reference
from canonical.schema import Part

_QUANTITY_STEP = Decimal("0.000001")


class Allocation(Part):
    """What an invoice line bills of one item, and what of that is credited; ``number`` is its row in the billing ledger."""

    number: int
    billable: Reference
    invoice: Reference
    line: int
    amount: Money
    quantity: Decimal
    credited: Money
    credited_quantity: Decimal = Decimal(0)

    @property
    def standing(self) -> Money:
        """What may still be credited of it."""
        return self.amount - self.credited

    @property
    def standing_quantity(self) -> Decimal:
        """The quantity that goes with it."""
        return self.quantity - self.credited_quantity


def credit_whole(allocations: Iterable[Allocation], disposition: CreditDisposition) -> tuple[CreditedAllocation, ...]:
    """All that stands of these allocations: an entry, a line or a whole invoice (S06: exactly the 3.5 h; S07, S08)."""
    return tuple(
        CreditedAllocation(allocation=one.number, amount=one.standing, quantity=one.standing_quantity, disposition=disposition)
        for one in allocations
        if not one.standing.is_zero
    )


def credit_amount(
    allocations: Sequence[Allocation], amount: Money, disposition: CreditDisposition
) -> tuple[CreditedAllocation, ...]:
    """An amount of these allocations in their order, the last one in part (S16: 1,400 of the disputed 2,400)."""
    _refuse_above(amount, Money.sum((one.standing for one in allocations), amount.currency))
    taken, left = list[CreditedAllocation](), amount
    for one in allocations:
        part = min(one.standing, left)
        if not part.is_zero:
            taken.append(_part(one, part, disposition))
        left = left - part
    return tuple(taken)


def credit_quantity(
    allocations: Sequence[Allocation], quantity: Decimal, disposition: CreditDisposition
) -> tuple[CreditedAllocation, ...]:
    """A quantity of these allocations in their order, each at the amount it was billed at (S16: 7 h of 12 h)."""
    standing = sum((one.standing_quantity for one in allocations), Decimal(0))
    if not 0 < quantity <= standing:
        raise _too_much(f"{quantity:f}", f"{standing:f}")
    taken, left = list[CreditedAllocation](), quantity
    for one in allocations:
        hours = min(one.standing_quantity, left)
        if hours:
            taken.append(_hours(one, hours, disposition))
        left -= hours
    return tuple(taken)


def adjust_price(reductions: Iterable[tuple[Allocation, Money]]) -> tuple[CreditedAllocation, ...]:
    """Less money for the same quantity: a retroactive lower rate, which is not billed again (S05 variant)."""
    taken = []
    for one, amount in reductions:
        _refuse_above(amount, one.standing)
        taken.append(
            CreditedAllocation(
                allocation=one.number, amount=amount, quantity=Decimal(0), disposition=CreditDisposition.PRICE_ADJUSTMENT
            )
        )
    return tuple(taken)


def in_proportion(whole: Money, credited_before: Money, credited_now: Money, gross: Money) -> Money:
    """The part of a tax or retainer draw that goes with a partial credit; credits of the whole add up to all of it (S08).

    Cumulative: what belongs to all that is credited so far, less what earlier credits took.
    """
    return _share(whole, credited_before + credited_now, gross) - _share(whole, credited_before, gross)


def _share(whole: Money, part: Money, gross: Money) -> Money:
    if gross.is_zero:
        return Money.zero(whole.currency)
    return Money(amount=whole.amount * part.amount / gross.amount, currency=whole.currency).rounded()


def _part(one: Allocation, amount: Money, disposition: CreditDisposition) -> CreditedAllocation:
    share = amount.amount / one.standing.amount
    quantity = one.standing_quantity if share == 1 else (one.standing_quantity * share).quantize(_QUANTITY_STEP)
    return CreditedAllocation(allocation=one.number, amount=amount, quantity=quantity, disposition=disposition)


def _hours(one: Allocation, hours: Decimal, disposition: CreditDisposition) -> CreditedAllocation:
    share = one.standing * (hours / one.standing_quantity)
    amount = one.standing if hours == one.standing_quantity else share.rounded()
    return CreditedAllocation(allocation=one.number, amount=amount, quantity=hours, disposition=disposition)


def _refuse_above(amount: Money, standing: Money) -> None:
    if not Money.zero(amount.currency) < amount <= standing:
        raise _too_much(str(amount), str(standing))


def _too_much(wanted: str, standing: str) -> Rejected:
    return Rejected(
        f"{wanted} cannot be credited where {standing} stands billed",
        code="CREDIT_ABOVE_BILLED",
        remedy="Credit more than nothing and at most what stands billed; name other allocations for the rest.",
    )
