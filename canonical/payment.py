"""Customer payments and what they are applied to, as the ERP's receivables hold them (R101, S28)."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from canonical.money import Money
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class PaymentKind(StrEnum):
    """What the money is: paid for invoices, or in advance (a liability until it is applied)."""

    PAYMENT = "payment"
    DEPOSIT = "deposit"


class PaymentState(StrEnum):
    """Whether the money is there."""

    RECEIVED = "received"
    BOUNCED = "bounced"
    VOID = "void"


class Application(Part):
    """A part of a payment applied to a document of the ERP; ``withheld`` is tax the customer kept against a certificate."""

    target_id: str
    number: str = ""
    amount: Money
    withheld: Money | None = None
    certificate: str = ""


@published
class Payment(Canonical):
    """A payment. What is not applied stays with the customer as credit (``unapplied``); nothing of it is lost.

    ``exchange_rate`` is the entity's own currency per unit of the payment's, frozen when it was received.
    """

    system: str
    source_id: str
    source_version: str
    reference: Reference
    entity: str
    customer: str
    kind: PaymentKind = PaymentKind.PAYMENT
    amount: Money
    exchange_rate: Decimal | None = None
    received_on: date
    state: PaymentState = PaymentState.RECEIVED
    applications: tuple[Application, ...] = ()
    changed_at: datetime | None = None
    memo: str = ""

    @property
    def applied(self) -> Money:
        """What is applied, without what was withheld."""
        return Money.sum((one.amount for one in self.applications), self.amount.currency)

    @property
    def unapplied(self) -> Money:
        """What is left on the customer's account."""
        return self.amount - self.applied
