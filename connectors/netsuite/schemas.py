"""NetSuite's own shapes, only the fields we use; what it adds is ignored, what we need and miss is a named failure."""

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
