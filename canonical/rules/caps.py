"""How much may be billed under caps and purchase orders; what does not fit becomes a finding with its money (S05, S14)."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from canonical.errors import RuleBroken
from canonical.exception import Finding
from canonical.money import Money
from canonical.rules.charge import Charge
from canonical.schema import Part


class LimitKind(StrEnum):
    """What limits the billing."""

    CAP = "cap"
    PURCHASE_ORDER = "purchase_order"


class Limit(Part):
    """A cap of a contract line or a purchase order: its amount, what was billed on it, and the excess the customer tolerates."""

    kind: LimitKind
    reference: str
    amount: Money
    used: Money
    tolerance: Money | None = None

    @property
    def room(self) -> Money:
        """What may still be billed; nothing once the amount is reached (S14)."""
        return max(self.amount - self.used, Money.zero(self.amount.currency))

    def allowed(self, wanted: Money) -> Money:
        """All that is wanted where the excess is within the tolerance, else what there is room for (S14)."""
        limit = self.room + self.tolerance if self.tolerance and self.used <= self.amount else self.room
        return wanted if wanted <= limit else min(wanted, self.room)


class Allowed(Part):
    """What may be billed, what may not (it stays open in the ledger), and the finding about it."""

    billed: tuple[Charge, ...]
    withheld: tuple[Charge, ...] = ()
    finding: Finding | None = None

    @property
    def total(self) -> Money | None:
        """What is billed in all; none where there is nothing."""
        return total_of(self.billed) if self.billed else None


def allow(charges: Iterable[Charge], limit: Limit) -> Allowed:
    """Charges in order of service and reference, as far as the limit goes; the one on the edge is billed in part (S05, S14)."""
    waiting = sorted(charges, key=lambda one: (one.billable.service.start, one.billable.reference))
    if any(one.amount.amount < 0 for one in waiting):
        raise RuleBroken("A limit judges what is billed, never what is given back", remedy="Make a credit memo of it.")
    wanted = Money.sum((one.amount for one in waiting), limit.amount.currency)
    allowed = limit.allowed(wanted)
    billed, withheld = _filled(waiting, allowed)
    excess = wanted - allowed
    return Allowed(
        billed=tuple(billed), withheld=tuple(withheld), finding=None if excess.is_zero else _exceeded(limit, excess, withheld)
    )


def total_of(charges: Sequence[Charge]) -> Money:
    """The sum of charges, of which there is at least one (U1)."""
    return Money.sum((one.amount for one in charges), charges[0].amount.currency)


def _filled(waiting: Sequence[Charge], allowed: Money) -> tuple[list[Charge], list[Charge]]:
    billed, withheld = list[Charge](), list[Charge]()
    for charge in waiting:
        if charge.amount <= allowed:
            billed.append(charge)
        elif allowed.is_zero:
            withheld.append(charge)
        else:
            first, rest = charge.cut(allowed)
            billed.append(first)
            withheld.append(rest)
        allowed = allowed - min(charge.amount, allowed)
    return billed, withheld


def _exceeded(limit: Limit, excess: Money, withheld: Sequence[Charge]) -> Finding:
    is_cap = limit.kind is LimitKind.CAP
    what = f"the cap of {limit.reference}" if is_cap else f"purchase order {limit.reference}"
    remedy = "Agree a higher cap with the customer" if is_cap else "Ask the customer for a new or higher purchase order"
    return Finding(
        code="CAP_EXCEEDED" if is_cap else "PO_EXHAUSTED",
        subject=limit.reference,
        sentence=f"{excess} of approved work is above {what} ({limit.amount}, of which {limit.used} is billed).",
        remedy=f"{remedy}, record it, then settle with retry; the work waits and is not lost.",
        money=excess,
        evidence={
            "limit": str(limit.amount),
            "used": str(limit.used),
            "items": ", ".join(one.billable.reference for one in withheld[:20]),
        },
    )
