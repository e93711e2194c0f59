"""What boards and auditors read of the billing ledger: the way from a line to its causes, the backlog, a customer's exposure."""

from datetime import date, datetime
from decimal import Decimal

from canonical.billable import Balance, Billable, CreditDisposition
from canonical.invoice import DocumentLine
from canonical.journal import JournalLine
from canonical.money import Money
from canonical.schema import Part


class ItemState(Part):
    """An item with its balance and where it stands."""

    item: Billable
    balance: Balance
    state: str
    hold_code: str = ""
    hold_note: str = ""
    frozen_by: str = ""
    charge_id: str = ""


class Frozen(Part):
    """What an amendment holds of one line and kind."""

    line: str
    kind: str
    items: int
    amount: Money


class TracedCredit(Part):
    """A credit of an allocation."""

    allocation: int
    document: str
    number: str = ""
    amount: Money
    disposition: CreditDisposition
    at: datetime


class TracedItem(Part):
    """An item behind a line: entry, person, approver, rate version and evidence are the billable's."""

    allocation: int
    document: str
    line: int
    amount: Money
    quantity: Decimal
    billable: Billable
    credits: tuple[TracedCredit, ...] = ()


class TracedLine(Part):
    """A line with its tax, and the clause of the signed contract that it is owed under."""

    line: DocumentLine
    clause: str = ""


class TracedPosting(Part):
    """A posting of the ERP that a document made."""

    system: str
    journal: str
    number: str = ""
    posted_on: date
    line: JournalLine


class Trace(Part):
    """From a document (and one line of it) to everything that caused it; ``items`` are one page of ``total``.

    ``signed_contract`` is the id of the signed document in the firm's workspace.
    """

    document: str
    number: str = ""
    system: str = ""
    target_id: str = ""
    kind: str
    state: str
    contract: str
    net: Money
    tax: Money
    exemption_certificate: str = ""
    correlation: str = ""
    signed_contract: str = ""
    lines: tuple[TracedLine, ...] = ()
    items: tuple[TracedItem, ...] = ()
    total: int = 0
    postings: tuple[TracedPosting, ...] = ()


class PendingApproval(Part):
    """Recorded work that waits for an approval; ``money`` is what it would be worth, where that is known."""

    reference: str
    contract: str = ""
    entity: str = ""
    person: str = ""
    service: date
    hours: Decimal = Decimal(0)
    money: Money | None = None
    state: str


class BacklogRow(Part):
    """Money that waits, by entity and currency: pending approval (with its hours), approved and not billed, held (with its code),
    frozen, billed and not posted."""

    entity: str
    currency: str
    state: str
    code: str = ""
    amount: Money
    items: int
    hours: Decimal = Decimal(0)
    oldest: date | None = None


class Exposure(Part):
    """What a customer owes in one currency; ``disputed`` and ``overdue`` are part of ``open``.

    ``credit`` is what it has with us: money applied to nothing, deposits, open credit memos. ``parked`` paid what we do not know.
    """

    customer: str
    open: Money
    overdue: Money
    disputed: Money
    credit: Money
    parked: Money
    documents: int
