"""Tryton's own shapes, only the fields we use; ``FIELDS`` is what is asked for, a dot reaches into the record that is named."""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """Any record."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)
    FIELDS: ClassVar[tuple[str, ...]] = ("id",)
    id: int


class _Named(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    id: int = 0
    code: str | None = None
    name: str | None = None
    login: str | None = None
    progress: Decimal | None = None
    rate: Decimal | None = None


class MadeRecord(Record):
    """A record of which it matters who made it."""

    made_by: _Named | None = Field(default=None, alias="create_uid.")

    @property
    def maker(self) -> str:
        """The login of the user who made it."""
        return (self.made_by.login if self.made_by else "") or ""


class CompanyShape(Record):
    """A company; its party's code is ours for the legal entity."""

    FIELDS = ("party", "party.code", "currency", "currency.code")
    party: int
    about: _Named = Field(alias="party.")
    currency: int
    money: _Named = Field(alias="currency.")


class CodedShape(Record):
    """What is found by a code: currencies, countries, accounts, axes and values of analytic accounting."""

    FIELDS = ("code",)
    code: str | None = None


class NamedShape(Record):
    """What is found by a name: taxes, project statuses."""

    FIELDS = ("name",)
    name: str


class PartyShape(MadeRecord):
    """A party as a customer; amounts are those of the company that was asked for."""

    FIELDS = ("code", "name", "active", "credit_limit_amount", "receivable", "identifiers", "addresses", "create_uid.login")
    code: str | None = None
    name: str | None = None
    active: bool = True
    credit_limit: Decimal | None = Field(default=None, alias="credit_limit_amount")
    receivable: Decimal | None = None
    identifiers: tuple[int, ...] = ()
    addresses: tuple[int, ...] = ()


class IdentifierShape(Record):
    """A tax number."""

    FIELDS = ("code", "party")
    code: str
    party: int


class AddressShape(Record):
    """An address, only to know its country and that it is there."""

    FIELDS = ("country.code", "invoice")
    country: _Named | None = Field(default=None, alias="country.")
    invoice: bool = False


class WorkShape(MadeRecord):
    """A project, a phase or a task."""

    FIELDS = (
        "name",
        "number",
        "type",
        "comment",
        "parent",
        "status",
        "status.name",
        "status.progress",
        "company",
        "create_uid.login",
    )
    name: str
    number: str | None = None
    type: str
    comment: str | None = None
    parent: int | None = None
    status: int
    stage: _Named = Field(alias="status.")
    company: int


class ListedInvoiceShape(MadeRecord):
    """An invoice as it is listed; a credit memo is one whose total is negative. What is owed takes Tryton a search for each."""

    FIELDS: ClassVar[tuple[str, ...]] = (
        "reference",
        "description",
        "create_uid.login",
        "state",
        "party",
        "currency.code",
        "untaxed_amount",
        "total_amount",
        "invoice_date",
        "accounting_date",
        "create_date",
        "write_date",
    )
    reference: str | None = None
    description: str | None = None
    state: str
    party: int
    money: _Named = Field(alias="currency.")
    net: Decimal = Field(alias="untaxed_amount")
    total: Decimal = Field(alias="total_amount")
    invoice_date: date | None = None
    accounting_date: date | None = None
    created: datetime = Field(alias="create_date")
    changed: datetime | None = Field(default=None, alias="write_date")

    @property
    def is_memo(self) -> bool:
        """Whether it gives money back."""
        return self.total < 0

    @property
    def currency(self) -> str:
        """Its ISO code."""
        return self.money.code or ""


class InvoiceShape(ListedInvoiceShape):
    """An invoice with what is owed of it, and where that is matched."""

    FIELDS = (
        *ListedInvoiceShape.FIELDS,
        "number",
        "company",
        "account",
        "tax_amount",
        "amount_to_pay",
        "move",
        "payment_lines",
        "lines_to_pay",
        "origin_invoices",
    )
    number: str | None = None
    company: int
    account: int
    tax: Decimal = Field(alias="tax_amount")
    open: Decimal | None = Field(default=None, alias="amount_to_pay")
    move: int | None = None
    payment_lines: tuple[int, ...] = ()
    lines_to_pay: tuple[int, ...] = ()
    origins: tuple[int, ...] = Field(default=(), alias="origin_invoices")


class InvoiceLineShape(Record):
    """A line of an invoice, as far as a credit names it."""

    FIELDS = ("account",)
    account: int


class TaxShape(Record):
    """The tax of one kind on an invoice."""

    FIELDS = ("base", "amount", "tax.rate")
    base: Decimal
    amount: Decimal
    tax: _Named | None = Field(default=None, alias="tax.")


class SalesTaxShape(Record):
    """A tax as it is set up: a percentage, a fixed amount, or several others together."""

    FIELDS = ("name", "type", "rate", "childs")
    name: str
    type: str
    rate: Decimal | None = None
    childs: tuple[int, ...] = ()


class MoveShape(MadeRecord):
    """A journal entry; ``origin`` is ``model,id`` of what made it."""

    FIELDS = (
        "number",
        "description",
        "state",
        "date",
        "origin",
        "company",
        "journal.code",
        "create_uid.login",
        "create_date",
        "write_date",
    )
    number: str | None = None
    description: str | None = None
    state: str
    date: date
    origin: str | None = None
    company: int
    journal: _Named | None = Field(default=None, alias="journal.")
    created: datetime = Field(alias="create_date")
    changed: datetime | None = Field(default=None, alias="write_date")

    @property
    def code(self) -> str:
        """That of its journal."""
        return (self.journal.code if self.journal else "") or ""


class MoveLineShape(Record):
    """A posting."""

    FIELDS = (
        "move",
        "account",
        "account.code",
        "debit",
        "credit",
        "amount_second_currency",
        "second_currency",
        "second_currency.code",
        "description",
        "party",
        "party.code",
        "reconciliation",
        "invoice_payment",
        "write_date",
    )
    move: int
    account: int
    of: _Named = Field(alias="account.")
    debit: Decimal
    credit: Decimal
    second_amount: Decimal | None = Field(default=None, alias="amount_second_currency")
    second_currency: int | None = None
    second_money: _Named | None = Field(default=None, alias="second_currency.")
    description: str | None = None
    party: int | None = None
    who: _Named | None = Field(default=None, alias="party.")
    reconciliation: int | None = None
    invoice_payment: int | None = None
    changed: datetime | None = Field(default=None, alias="write_date")


class RateShape(Record):
    """A rate of exchange from a day on."""

    FIELDS = ("date", "rate")
    on: date = Field(alias="date")
    rate: Decimal


class PeriodShape(Record):
    """An accounting period."""

    FIELDS = ("name", "start_date", "end_date", "state")
    name: str
    start: date = Field(alias="start_date")
    end: date = Field(alias="end_date")
    state: str
