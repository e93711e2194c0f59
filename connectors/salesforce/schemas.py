"""Salesforce's records as we read them: only the fields we use, custom ones under our own names."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import AliasPath, BaseModel, ConfigDict, Field, ValidationError

from canonical.errors import Malformed


class Row(BaseModel):
    """A record of a query's answer."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    id: str = Field(alias="Id")
    changed: datetime = Field(alias="SystemModstamp")

    @property
    def version(self) -> str:
        """Our word for SystemModstamp: sorts as text."""
        return self.changed.strftime("%Y-%m-%dT%H:%M:%SZ")


class DealRow(Row):
    """Opportunity."""

    title: str = Field(alias="Name")
    is_won: bool = Field(alias="IsWon")
    is_closed: bool = Field(alias="IsClosed")
    amount: Decimal | None = Field(default=None, alias="Amount")
    currency: str | None = Field(default=None, alias="CurrencyIsoCode")
    account_id: str | None = Field(default=None, alias="AccountId")
    quote_id: str | None = Field(default=None, alias="SBQQ__PrimaryQuote__c")
    contract: str | None = None
    entity: str | None = None
    region: str | None = None
    service_line: str | None = None
    bill_to: str | None = None
    purchase_orders: str | None = None


class AccountRow(Row):
    """Account."""

    name: str = Field(alias="Name")
    number: str | None = Field(default=None, alias="AccountNumber")
    currency: str | None = Field(default=None, alias="CurrencyIsoCode")
    parent_number: str | None = Field(default=None, validation_alias=AliasPath("Parent", "AccountNumber"))
    street: str | None = Field(default=None, alias="BillingStreet")
    city: str | None = Field(default=None, alias="BillingCity")
    state: str | None = Field(default=None, alias="BillingState")
    postal_code: str | None = Field(default=None, alias="BillingPostalCode")
    country: str | None = Field(default=None, alias="BillingCountry")
    country_code: str | None = Field(default=None, alias="BillingCountryCode")
    legal_name: str | None = None
    tax_number: str | None = None
    entity: str | None = None
    order_per_workstream: bool = False


class QuoteRow(Row):
    """SBQQ__Quote__c."""

    name: str = Field(alias="Name")
    currency: str | None = Field(default=None, alias="CurrencyIsoCode")
    is_uncalculated: bool = Field(alias="SBQQ__Uncalculated__c")
    net_amount: Decimal | None = Field(default=None, alias="SBQQ__NetAmount__c")
    start: date | None = Field(default=None, alias="SBQQ__StartDate__c")
    end: date | None = Field(default=None, alias="SBQQ__EndDate__c")
    payment_terms: str | None = Field(default=None, alias="SBQQ__PaymentTerms__c")


class LineRow(Row):
    """SBQQ__QuoteLine__c."""

    name: str = Field(alias="Name")
    product: str | None = Field(default=None, alias="SBQQ__ProductName__c")
    product_code: str | None = Field(default=None, alias="SBQQ__ProductCode__c")
    description: str | None = Field(default=None, alias="SBQQ__Description__c")
    quantity: Decimal | None = Field(default=None, alias="SBQQ__Quantity__c")
    net_price: Decimal | None = Field(default=None, alias="SBQQ__NetPrice__c")
    net_total: Decimal | None = Field(default=None, alias="SBQQ__NetTotal__c")
    term: Decimal | None = Field(default=None, alias="SBQQ__SubscriptionTerm__c")
    prorated: Decimal | None = Field(default=None, alias="SBQQ__ProrateMultiplier__c")
    is_optional: bool = Field(alias="SBQQ__Optional__c")
    reference: str | None = None
    kind: str | None = None
    workstream: str | None = None
    role: str | None = None
    service_template: str | None = None


class NoteRow(BaseModel):
    """Task, as the note we leave on a deal."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    id: str = Field(alias="Id")
    deal_id: str | None = Field(default=None, alias="WhatId")
    is_deleted: bool = Field(alias="IsDeleted")


class ChangeRow(Row):
    """What the change feed needs of any record."""

    is_won: bool = Field(default=False, alias="IsWon")
    status: str | None = Field(default=None, alias="Status")
    contract: str | None = None


Schema = TypeVar("Schema", bound=BaseModel)


def read(system: str, schema: type[Schema], record: dict[str, Any], names: dict[str, str] | None = None) -> Schema:
    """A record in its schema; ``names`` are the API names of custom fields by ours. A shape we do not know is a named failure."""
    renamed = {ours: record.get(theirs) for ours, theirs in (names or {}).items()}
    present = {name: value for name, value in {**record, **renamed}.items() if value is not None}
    try:
        return schema.model_validate(present)
    except ValidationError as mistakes:
        first = mistakes.errors()[0]
        raise Malformed(
            f"{system} answered with a {schema.__doc__ or 'record'} that cannot be read: {first['loc']}: {first['msg']}",
            remedy="Correct the field in Salesforce, or the field names in policies/landscape.",
            evidence={"record": record.get("Id", ""), "field": first["loc"]},
        ) from None
