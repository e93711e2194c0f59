"""An invoice or credit memo as the billing ledger keeps it: our request, where it stands, and what the ERP made of it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from canonical.invoice import InvoiceState
from canonical.money import Money
from canonical.reference import Reference
from canonical.schema import Part


class DocumentKind(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"


class BillingDocument(Part):
    """A document without its lines; ``number``, ``target_id``, ``posted_on`` and ``open`` are the ERP's to say.

    ``exemption_certificate`` is what the tax engine relied on where it charged nothing (R96).
    """

    reference: Reference
    kind: DocumentKind
    run: str = ""
    invoice: str = ""
    contract: str
    entity: str
    customer: str
    state: InvoiceState
    hold_code: str = ""
    purchase_order: str = ""
    document_date: date
    accounting_date: date
    due_date: date | None = None
    net: Money
    tax: Money
    total: Money
    open: Money
    exemption_certificate: str = ""
    is_prior_period: bool = False
    memo: str = ""
    system: str = ""
    target_id: str = ""
    number: str = ""
    url: str = ""
    posted_on: date | None = None
    correlation: str = ""
    created_at: datetime


class LineTerms(Part):
    """What policy and the tax engine say of a line after it was claimed."""

    number: int
    description: str | None = None
    account: str | None = None
    tax_code: str | None = None
    tax: Money | None = None


class FrozenRate(Part):
    """An exchange rate as it was frozen: functional currency of the entity per unit of the document's."""

    rate: Decimal
    source: str
    at: datetime


class Allotment(Part):
    """So much of an item on a line, where the lines were grouped outside the ledger."""

    billable: str
    line: int
    amount: Money
    quantity: Decimal


class Allocated(Part):
    """An allocation as it stands: what a credit names. ``left`` and ``left_quantity`` may still be credited."""

    allocation: int
    billable: str
    line: int
    amount: Money
    quantity: Decimal
    left: Money
    left_quantity: Decimal
