"""A believable deal from a few parameters: account, bill-to, opportunity, quote with its lines, and the contract record."""

from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from sandbox.salesforce.records import Record

World = dict[str, dict[str, Record]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Party(_Strict):
    """An account: the customer, or who is billed."""

    name: str = "Acme Industries"
    number: str = "10001"
    legal_name: str | None = "Acme Industries Inc."
    tax_number: str | None = "12-3456789"
    street: str | None = "200 Market Street"
    city: str | None = "Springfield"
    state: str | None = "IL"
    postal_code: str | None = "62701"
    country: str = "US"
    order_per_workstream: bool = False
    erp_customer_id: str | None = None


class Line(_Strict):
    """A line of the quote; ``price`` is the list price of one ``quantity`` (for one of its ``months``), less ``discount`` %."""

    reference: str
    name: str
    kind: str = "fixed_fee"
    price: Decimal
    quantity: Decimal = Decimal(1)
    discount: Decimal = Decimal(0)
    workstream: str = ""
    role: str = ""
    service_template: str = "implementation"
    months: int | None = None


class DealWorld(_Strict):
    """What a deal is made of; handles of its records are built from the contract's reference."""

    contract: str
    title: str | None = None
    customer: Party = Party()
    bill_to: Party | None = None
    legal_entity: str | None = "US01"
    service_line: str | None = "Consulting"
    region: str | None = "AMER"
    currency: str = "USD"
    stage: str = "Closed Won"
    close_date: date = date(2026, 11, 20)
    start: date = date(2026, 12, 1)
    end: date = date(2027, 5, 31)
    payment_terms: str = "Net 30"
    purchase_orders: dict[str, str] = {}
    lines: list[Line] = []
    quote_status: str = "Accepted"
    uncalculated: bool = False
    contract_status: str | None = "Activated"
    amount: Decimal | None = None

    def records(self) -> World:
        """The records by object and handle, ready to be seeded."""
        world: World = {
            "Account": {_account(self.customer): self._account(self.customer)},
            "Product2": {line.name: {"Name": line.name, "ProductCode": line.service_template} for line in self.lines},
            "Opportunity": {self.contract: self._opportunity()},
            "SBQQ__Quote__c": {self.contract: self._quote()},
            "SBQQ__QuoteLine__c": {f"{self.contract}/{n}": self._line(n, line) for n, line in enumerate(self.lines, start=1)},
        }
        if self.bill_to:
            world["Account"][_account(self.bill_to)] = self._account(self.bill_to)
        if self.contract_status:
            world["Contract"] = {self.contract: self._contract()}
        return world

    def _account(self, party: Party) -> Record:
        return {
            "Name": party.name,
            "AccountNumber": party.number,
            "Legal_Name__c": party.legal_name,
            "Tax_Number__c": party.tax_number,
            "Legal_Entity__c": self.legal_entity,
            "BillingStreet": party.street,
            "BillingCity": party.city,
            "BillingState": party.state,
            "BillingPostalCode": party.postal_code,
            "BillingCountry": party.country,
            "BillingCountryCode": party.country,
            "Purchase_Order_Per_Workstream__c": party.order_per_workstream,
            "Erp_Customer_Id__c": party.erp_customer_id,
            "CurrencyIsoCode": self.currency,
        }

    def _opportunity(self) -> Record:
        return {
            "Name": self.title or f"{self.customer.name} {self.contract}",
            "AccountId": _account(self.customer),
            "Bill_To__c": _account(self.bill_to) if self.bill_to else None,
            "StageName": self.stage,
            "CloseDate": self.close_date.isoformat(),
            "Amount": None if self.amount is None else str(self.amount),
            "CurrencyIsoCode": self.currency,
            "Contract_Reference__c": self.contract,
            "Legal_Entity__c": self.legal_entity,
            "Service_Line__c": self.service_line,
            "Region__c": self.region,
            "Purchase_Orders__c": "\n".join(f"{w}={n}" if w else n for w, n in self.purchase_orders.items()),
        }

    def _quote(self) -> Record:
        return {
            "SBQQ__Account__c": _account(self.customer),
            "SBQQ__Opportunity2__c": self.contract,
            "SBQQ__Primary__c": True,
            "SBQQ__Status__c": self.quote_status,
            "SBQQ__StartDate__c": self.start.isoformat(),
            "SBQQ__EndDate__c": self.end.isoformat(),
            "SBQQ__PaymentTerms__c": self.payment_terms,
            "SBQQ__Uncalculated__c": self.uncalculated,
            "CurrencyIsoCode": self.currency,
        }

    def _line(self, number: int, line: Line) -> Record:
        return {
            "SBQQ__Quote__c": self.contract,
            "SBQQ__Number__c": number,
            "SBQQ__Product__c": line.name,
            "SBQQ__Description__c": line.name,
            "SBQQ__Quantity__c": str(line.quantity),
            "SBQQ__ListPrice__c": str(line.price),
            "SBQQ__Discount__c": str(line.discount),
            "SBQQ__SubscriptionTerm__c": line.months,
            "SBQQ__ProrateMultiplier__c": line.months,
            "SBQQ__StartDate__c": self.start.isoformat(),
            "SBQQ__EndDate__c": self.end.isoformat(),
            "CurrencyIsoCode": self.currency,
            "Line_Reference__c": line.reference,
            "Billing_Kind__c": line.kind,
            "Workstream__c": line.workstream,
            "Role__c": line.role,
            "Service_Template__c": line.service_template,
        }

    def _contract(self) -> Record:
        return {
            "AccountId": _account(self.customer),
            "Status": self.contract_status,
            "StartDate": self.start.isoformat(),
            "Contract_Reference__c": self.contract,
            "Legal_Entity__c": self.legal_entity,
            "SBQQ__Opportunity__c": self.contract,
            "SBQQ__Quote__c": self.contract,
            "CurrencyIsoCode": self.currency,
        }


def _account(party: Party) -> str:
    return f"account {party.number}"


def merged(worlds: list[World]) -> World:
    """Several worlds as one; records of the same handle are one record."""
    whole: World = {}
    for world in worlds:
        for name, records in world.items():
            whole.setdefault(name, {}).update(records)
    return whole


def deal(**given: Any) -> World:
    """The records of one deal."""
    return DealWorld.model_validate(given).records()
