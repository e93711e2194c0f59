"""A rate that changes for work already done: delta lines, or credit and rebill; what was rated is never rewritten (S05, R56)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum

from canonical.billable import Billable, BillableKind
from canonical.money import Money, Rounding
from canonical.reference import fingerprint
from canonical.schema import Part

_LONGEST = 80


class RetroactivePolicy(StrEnum):
    """What happens with billed work: one delta line, or, while its invoice is unpaid, a credit and a new invoice."""

    DELTA = "delta"
    CREDIT_REBILL = "credit_rebill"


class StandingPart(Part):
    """So much of an item stands billed on a line."""

    invoice: str
    line: int
    amount: Money


class PricedWork(Part):
    """An item of time in the ledger: ``priced_at`` with what earlier changes corrected of it, ``standing`` what bills it.

    ``open`` is what no invoice bills (a credit re-opened it, or there was no room under a cap), ``is_closed`` says that credits
    settled a part of it for good.
    """

    item: Billable
    priced_at: Money
    quantity: Decimal
    open: Money
    open_quantity: Decimal = Decimal(0)
    is_closed: bool = False
    standing: tuple[StandingPart, ...] = ()
    state: str = "open"
    hold_code: str = ""

    def rated(self, paid: frozenset[str]) -> "RatedWork":
        """As a change of its rate takes it; of an item on several invoices the last one counts."""
        invoices = dict.fromkeys(part.invoice for part in self.standing)
        return RatedWork(
            item=self.item,
            invoice=next(reversed(invoices), ""),
            is_paid=any(invoice in paid for invoice in invoices),
            is_split=len(invoices) > 1,
            billed=self.priced_at,
            billed_quantity=self.quantity,
            standing=Money.sum((part.amount for part in self.standing), self.item.currency),
            open=self.open,
            open_quantity=self.open_quantity,
            is_closed=self.is_closed,
        )


class RatedWork(Part):
    """An item as it stands: the invoice that bills it (none: not billed yet), what it is priced at, and what of that is open."""

    item: Billable
    invoice: str = ""
    is_paid: bool = False
    is_split: bool = False
    billed: Money | None = None
    billed_quantity: Decimal | None = None
    standing: Money | None = None
    open: Money | None = None
    open_quantity: Decimal = Decimal(0)
    is_closed: bool = False

    @property
    def can_be_rebilled(self) -> bool:
        """Whether one unpaid invoice bills it."""
        return not (self.is_paid or self.is_split)

    @property
    def quantity(self) -> Decimal:
        """The quantity the change is about."""
        return self.item.quantity if self.billed_quantity is None else self.billed_quantity

    @property
    def amount(self) -> Money:
        """What it is billed at."""
        return self.billed or self.item.amount


class Reprice(Part):
    """One item at its new price; ``difference`` is what the customer owes more, or less, for all of it.

    What of an item is billed is open to no new rate: that is billed or credited as a difference. The open rest is rated again.
    """

    work: RatedWork
    rate: Money
    rate_version: str
    amount: Money
    rounding: Rounding = Rounding.HALF_UP

    @property
    def difference(self) -> Money:
        """New amount less old, each rounded once (S05: 80 x 15 = 1,200.00)."""
        return self.amount - self.work.amount

    @property
    def of_open(self) -> Money:
        """The open rest's own part of the difference; at least what the standing part of a lower price cannot bear."""
        zero, all_of_it, rest = Money.zero(self.amount.currency), self.difference, self.work.open
        if not self.work.invoice:
            return all_of_it
        if rest is None or rest.amount <= 0:
            return zero
        own = (self.rate * self.work.open_quantity).rounded(self.rounding) - rest
        if all_of_it > zero:
            return min(max(own, zero), all_of_it)
        standing = self.work.standing or zero
        return max(min(own, zero, all_of_it + standing), all_of_it, -rest)

    @property
    def is_of_a_rest(self) -> bool:
        """Whether a part of the item was billed or settled, so that only its open rest can be rated again."""
        return bool(self.work.invoice) or self.work.is_closed

    @property
    def remembers(self) -> dict[str, str]:
        """What the item keeps as evidence of the rate that it had."""
        item = self.work.item
        return {f"rated_before.{self.rate_version}": f"{item.rate or item.amount} by {item.rate_version or 'its source'}"}

    @property
    def of_billed(self) -> Money:
        """What is billed or credited as a difference line."""
        return self.difference - self.of_open


class Plan(Part):
    """What a retroactive rate brings about: items rated again, deltas to bill or to credit, invoices to credit and bill anew."""

    rerated: tuple[Reprice, ...] = ()
    deltas: tuple[Reprice, ...] = ()
    rebilled: tuple[Reprice, ...] = ()

    @property
    def invoices_to_credit(self) -> dict[str, Money]:
        """By invoice, what is taken back of it at the old rate (S05: May, 16,312.50)."""
        return _by_invoice((one.work.invoice, one.work.amount) for one in self.rebilled)

    @property
    def invoices_to_rebill(self) -> dict[str, Money]:
        """By invoice, what is billed instead at the new rate (S05: May, 17,400.00)."""
        return _by_invoice((one.work.invoice, one.amount) for one in self.rebilled)

    @property
    def rerated_rests(self) -> list[Reprice]:
        """Items of which a part stands billed, and whose open rest is rated again."""
        return [one for one in self.deltas if not one.of_open.is_zero]

    def delta_items(self) -> list[Billable]:
        """Billables of their own for what is owed more (S05: 2,287.50, naming both invoices)."""
        return [delta_item(one) for one in self.deltas if one.of_billed.amount > 0]

    def price_adjustments(self) -> list[Reprice]:
        """What is owed less: credited on the items' own allocations, never a negative invoice (S05 variant: 2,287.50)."""
        return [one for one in self.deltas if one.of_billed.amount < 0]


def reprice(work: RatedWork, rate: Money, rate_version: str, rounding: Rounding = Rounding.HALF_UP) -> Reprice:
    """The item at another rate, its amount rounded once (S05)."""
    amount = (rate * work.quantity).rounded(rounding)
    return Reprice(work=work, rate=rate, rate_version=rate_version, amount=amount, rounding=rounding)


def plan_change(repriced: Sequence[Reprice], policy: RetroactivePolicy) -> Plan:
    """Unbilled work is rated again; billed work follows the policy; paid work is never rebilled; no change is no line (S05).

    What stands on several invoices has a difference, since none of them alone can be credited and billed anew for it.
    """
    changed = [one for one in repriced if not one.difference.is_zero]
    billed = [one for one in changed if one.work.invoice]

    def is_rebilled(one: Reprice) -> bool:
        return policy is RetroactivePolicy.CREDIT_REBILL and one.work.can_be_rebilled

    return Plan(
        rerated=tuple(one for one in changed if not one.work.invoice),
        deltas=tuple(one for one in billed if not is_rebilled(one)),
        rebilled=tuple(filter(is_rebilled, billed)),
    )


def delta_item(change: Reprice) -> Billable:
    """A rate delta as an item of its own (U1): the hours at the difference of the rates, with what it corrects as evidence."""
    old, difference = change.work.item, change.rate - change.work.item.rate if change.work.item.rate else None
    quantity = change.work.quantity - (Decimal(0) if change.of_open.is_zero else change.work.open_quantity)
    explains = difference is not None and (difference * quantity).rounded() == change.of_billed
    facts = {
        "reference": _named(old.reference, change.rate_version),
        "kind": BillableKind.RATE_DELTA,
        "quantity": quantity,
        "rate": difference if explains else None,
        "rate_version": change.rate_version,
        "amount": change.of_billed,
        "evidence": {**old.evidence, "corrects": old.reference, "invoice": change.work.invoice},
    }
    return Billable.model_validate({**dict(old), **facts})


def _named(item: str, version: str) -> str:
    """A name of its own for each item and version; one that is too long is cut and told apart by a hash of the whole."""
    name = f"{item}:{version}"
    return name if len(name) <= _LONGEST else f"{item[: _LONGEST - 13]}:{fingerprint({'item': item, 'version': version})[:12]}"


def _by_invoice(amounts: Iterable[tuple[str, Money]]) -> dict[str, Money]:
    found: dict[str, Money] = {}
    for invoice, amount in amounts:
        found[invoice] = found[invoice] + amount if invoice in found else amount
    return found
