"""NetSuite's own shapes, only the fields we use; what it adds is ignored, what we need and miss is a named failure."""

from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Linked(_Shape):
    """A reference to another record, or a member of an enumeration."""

    id: str
    ref_name: str = Field(default="", alias="refName")


class AddressText(_Shape):
    """The address of an address-book line."""

    country: Linked | None = None


class AddressLine(_Shape):
    """A line of the address book."""

    address: AddressText | None = Field(default=None, alias="addressBookAddress")
    default_billing: bool = Field(default=False, alias="defaultBilling")


class AddressBook(_Shape):
    """The address book, expanded or only a link."""

    items: tuple[AddressLine, ...] = ()


class TaxLine(_Shape):
    """A tax registration (SuiteTax)."""

    number: str = Field(default="", alias="taxRegistrationNumber")


class TaxLines(_Shape):
    """The tax registrations, expanded or only a link."""

    items: tuple[TaxLine, ...] = ()


class CustomerShape(_Shape):
    """A customer."""

    id: str
    entity_id: str = Field(default="", alias="entityId")
    external_id: str = Field(default="", alias="externalId")
    company_name: str = Field(default="", alias="companyName")
    subsidiary: Linked
    currency: Linked | None = None
    is_inactive: bool = Field(default=False, alias="isInactive")
    vat_number: str = Field(default="", alias="vatRegNumber")
    default_tax_number: str = Field(default="", alias="defaultTaxReg")
    credit_limit: Decimal | None = Field(default=None, alias="creditLimit")
    balance: Decimal = Decimal(0)
    unbilled: Decimal = Field(default=Decimal(0), alias="unbilledOrders")
    comments: str = ""
    address_book: AddressBook = Field(default=AddressBook(), alias="addressBook")
    tax_lines: TaxLines = Field(default=TaxLines(), alias="taxRegistration")


class JobShape(_Shape):
    """A project."""

    id: str
    entity_id: str = Field(default="", alias="entityId")
    external_id: str = Field(default="", alias="externalId")
    company_name: str = Field(default="", alias="companyName")
    status: Linked = Field(alias="entityStatus")
    is_inactive: bool = Field(default=False, alias="isInactive")
    currency: Linked | None = None
    price: Decimal | None = Field(default=None, alias="jobPrice")
    billing_schedule: Linked | None = Field(default=None, alias="billingSchedule")
    comments: str = ""


class MilestoneLine(_Shape):
    """A milestone of a billing schedule; our reference is the first word of its comment."""

    amount: Decimal = Field(alias="milestoneAmount")
    comments: str = ""


class MilestoneLines(_Shape):
    """The milestones, expanded or only a link."""

    items: tuple[MilestoneLine, ...] = ()


class ScheduleShape(_Shape):
    """A billing schedule."""

    id: str
    external_id: str = Field(default="", alias="externalId")
    name: str = ""
    is_inactive: bool = Field(default=False, alias="isInactive")
    job: Linked | None = None
    milestone: MilestoneLines = MilestoneLines()


class Job(_Shape):
    """An asynchronous job (not a project, whose record type is called ``job`` too)."""

    id: str
    completed: bool
    progress: str


# Documents: what they share is in NetSuite's transaction, the rest in their own shapes.


class ItemLine(_Shape):
    """A line of an invoice or credit memo."""

    item: Linked
    amount: Decimal = Decimal(0)


class ItemLines(_Shape):
    """The lines, expanded or only a link."""

    items: tuple[ItemLine, ...] = ()


class ApplyLine(_Shape):
    """What a payment or credit is applied to; the document is the key of the line."""

    doc: Linked
    apply: bool = True
    amount: Decimal = Decimal(0)
    number: str = Field(default="", alias="refNum")


class ApplyLines(_Shape):
    """The applications, expanded or only a link."""

    items: tuple[ApplyLine, ...] = ()

    @property
    def made(self) -> tuple[ApplyLine, ...]:
        """Those that are applied: the list may offer open documents, too."""
        return tuple(line for line in self.items if line.apply and line.amount)


class TransactionShape(_Shape):
    """What every document has."""

    id: str
    number: str = Field(default="", alias="tranId")
    external_id: str = Field(default="", alias="externalId")
    status: Linked | None = None
    subsidiary: Linked
    currency: Linked
    day: date = Field(alias="tranDate")
    changed: datetime = Field(alias="lastModifiedDate")
    memo: str = ""


class DocumentShape(TransactionShape):
    """An invoice or a credit memo."""

    entity: Linked
    job: Linked | None = None
    total: Decimal
    tax: Decimal = Field(default=Decimal(0), alias="taxTotal")
    remaining: Decimal | None = Field(default=None, alias="amountRemaining")
    unapplied: Decimal | None = None
    exchange_rate: Decimal | None = Field(default=None, alias="exchangeRate")


class OwedShape(DocumentShape):
    """A document with the receivable account that it stands on."""

    account: Linked


class CreditShape(DocumentShape):
    """A credit memo with its lines and with the account's custom fields, which are among the extra ones."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)
    item: ItemLines = ItemLines()
    apply: ApplyLines = ApplyLines()
    other_number: str = Field(default="", alias="otherRefNum")


class SourceShape(TransactionShape):
    """A deposit, payment or credit memo as a source of money."""

    apply: ApplyLines = ApplyLines()


class PaymentShape(SourceShape):
    """A customer payment."""

    customer: Linked
    amount: Decimal = Field(alias="payment")


class PostingLine(_Shape):
    """A line of a journal entry; its dimensions are among the extra fields."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)
    account: Linked
    debit: Decimal | None = None
    credit: Decimal | None = None
    memo: str = ""
    entity: Linked | None = None


class PostingLines(_Shape):
    """The lines, expanded or only a link."""

    items: tuple[PostingLine, ...] = ()


class JournalShape(TransactionShape):
    """A journal entry."""

    reversed_by: str = Field(default="", alias="reversalEntry")
    line: PostingLines = PostingLines()


class ChargeShape(_Shape):
    """A charge."""

    id: str
    external_id: str = Field(default="", alias="externalId")
    stage: Linked | None = None
    amount: Decimal | None = None
    memo: str = ""
