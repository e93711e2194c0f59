"""What customers owe, as accounting and account teams look at it: open invoices, disputes, and what CRM and PSA are told."""

from datetime import date, datetime

from canonical.billing_view import Exposure
from canonical.money import Money
from canonical.payment import Payment
from canonical.schema import Part


class OpenInvoice(Part):
    """An invoice that was posted, with what is open, paid and disputed of it; ``paid`` counts withheld tax as well."""

    reference: str
    number: str = ""
    contract: str
    entity: str
    customer: str
    state: str
    system: str
    target_id: str
    url: str = ""
    due: date | None = None
    total: Money
    open: Money
    paid: Money
    disputed: Money

    @property
    def undisputed(self) -> Money:
        """What may be asked for."""
        return max(self.open - self.disputed, Money.zero(self.open.currency))


class HeldPayment(Part):
    """A payment that something is to be said of; ``contract`` and ``entity`` are those of an invoice it was ever applied to.

    ``unknown`` is what it pays of documents that we do not know.
    """

    payment: Payment
    first_seen_at: datetime
    contract: str = ""
    entity: str = ""
    unknown: Money


class CustomerStanding(Part):
    """Everything of a customer that following its invoices looks at; ``read_at`` is when.

    ``shared`` are open invoices that other companies pay of the contracts of these: a deal is told what all of its payers owe.
    """

    customer: str
    read_at: datetime
    exposures: tuple[Exposure, ...] = ()
    invoices: tuple[OpenInvoice, ...] = ()
    payments: tuple[HeldPayment, ...] = ()
    shared: tuple[OpenInvoice, ...] = ()


class Dispute(Part):
    """A part of a posted invoice that the customer contests: tax included, of an item or a line if it says so."""

    key: str
    document: str
    number: str = ""
    contract: str
    entity: str = ""
    customer: str
    amount: Money
    reason: str
    item: str = ""
    line: int | None = None
    opened_by: str = ""
    opened_at: datetime
    settled_at: datetime | None = None
    conceded: Money | None = None
    outcome: str = ""


class DealStanding(Part):
    """What a deal is told of its invoices, in one currency."""

    contract: str
    open: Money
    overdue: Money
    disputed: Money
    words: str = ""


class AccountStanding(Part):
    """What an account and its deals are told in the CRM before somebody renews or changes them (R101).

    A payer that was billed instead of the deal's own may have no account (S07): the deals are told all the same.
    """

    customer: str
    has_account: bool = True
    exposures: tuple[Exposure, ...] = ()
    deals: tuple[DealStanding, ...] = ()


class InvoiceNote(Part):
    """What the PSA is told of an invoice: its number there, and where it stands."""

    reference: str
    number: str
    status: str
    total: Money
    open: Money
    url: str = ""


class Announcement(Part):
    """Something another system is to be told, in order: the next one is told only when the one before it was."""

    about: str
    number: int
    content: dict[str, object]
