"""Retainers, purchase orders and caps as accounts of moves: what may be taken, what was had, what is left."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from canonical.money import Currency, Money
from canonical.schema import Part


class SubLedgerKind(StrEnum):
    """What an account limits."""

    RETAINER = "retainer"
    PURCHASE_ORDER = "purchase_order"
    CAP = "cap"


class SubLedger(Part):
    """An account. ``name`` is the contract line of a retainer or cap, the number of a purchase order.

    ``ceiling`` and ``tolerance`` limit the use of a cap or purchase order; ``agreed`` is what a retainer's contract funds, and
    ``threshold`` the amount below which a top-up is due. ``balance`` is what is left of a retainer, what is used of the others.
    """

    kind: SubLedgerKind
    contract: str
    name: str
    customer: str = ""
    currency: Currency
    ceiling: Money | None = None
    tolerance: Money | None = None
    agreed: Money | None = None
    threshold: Money | None = None
    expires_on: date | None = None
    balance: Money | None = None


class Want(Part):
    """An amount wanted from an account, once under its key."""

    kind: SubLedgerKind
    contract: str
    name: str
    key: str
    amount: Money
    document: str = ""
    reason: str = "taken"


class Taken(Part):
    """What was had of what was wanted; the same key again has the same answer, and ``is_new`` is false."""

    kind: SubLedgerKind
    contract: str
    name: str
    key: str
    wanted: Money
    taken: Money
    balance: Money
    before: Money
    agreed: Money
    threshold: Money
    is_new: bool = True

    @property
    def short(self) -> Money:
        """What was not to be had."""
        return self.wanted - self.taken

    @property
    def crossed_threshold(self) -> bool:
        """Whether this take brought a retainer below its threshold: once for each crossing, however often it is asked."""
        return self.kind is SubLedgerKind.RETAINER and self.balance < self.threshold <= self.before


class Move(Part):
    """One move as it stands; ``taken_back`` is what was reversed of it."""

    key: str
    reason: str
    amount: Money
    balance: Money
    document: str = ""
    taken_back: Decimal = Decimal(0)
