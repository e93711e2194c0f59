"""The world of a scenario, and that world as each simulated vendor is seeded: a deal becomes records in five systems."""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from policies.shape import Shape
from rehearsal.deal import Deal, Line, Party
from rehearsal.words import Amount

Json = dict[str, Any]
SystemName = Literal["salesforce", "docusign", "kantata", "netsuite", "sharepoint"]
SYSTEMS: tuple[SystemName, ...] = ("salesforce", "docusign", "kantata", "netsuite", "sharepoint")

CURRENCIES = {"USD": "1", "GBP": "2", "EUR": "3", "INR": "4", "CAD": "5"}
SUBSIDIARIES = {"US01": ("1", "USD", "US"), "UK01": ("2", "GBP", "GB"), "DE01": ("3", "EUR", "DE"), "IN01": ("4", "INR", "IN")}
_NAMESPACE = uuid.UUID("6f0d5f0e-5a0c-4f7e-9d0f-2b1f6f3c9a11")


class ErpCustomer(Shape):
    """A customer that the ERP has already."""

    name: str
    entity: str = "US01"
    tax_number: str | None = None
    currency: str = "USD"
    credit_limit: Amount | None = None
    exposure: Amount = Decimal(0)
    inactive: bool = False


class World(Shape):
    """What is there before the story begins. ``systems`` is a vendor's own seed, for anything that has no business word here."""

    deals: dict[str, Deal] = Field(default={}, description="by the contract's reference")
    erp_customers: dict[str, ErpCustomer] = Field(default={}, description="by the ERP's own id")
    systems: dict[SystemName, dict[str, Any]] = {}

    def seeds(self) -> dict[SystemName, Json]:
        """What each vendor is told to hold, apart from the accounts by which we sign in."""
        own: dict[SystemName, Json] = {
            "salesforce": {"_deals": [_salesforce(contract, deal) for contract, deal in self.deals.items()]},
            "docusign": {"envelopes": {envelope_id(c): _envelope(c, deal) for c, deal in self.deals.items()}},
            "kantata": {"roles": _roles(self.deals)},
            "netsuite": _netsuite(self.erp_customers),
            "sharepoint": {},
        }
        return {name: merged(own[name], self.systems.get(name, {})) for name in SYSTEMS}


def envelope_id(contract: str) -> str:
    """The envelope that a contract is signed in."""
    return str(uuid.uuid5(_NAMESPACE, contract))


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Json:
    """Both as one; where both say something, the other counts, key by key."""
    both = dict(one)
    for key, value in other.items():
        held = both.get(key)
        both[key] = merged(held, value) if isinstance(held, Mapping) and isinstance(value, Mapping) else value
    return both


# Salesforce: the deal with its quote.


def _salesforce(contract: str, deal: Deal) -> Json:
    return {
        "contract": contract,
        "title": deal.title or f"{deal.customer.name} {contract}",
        "customer": _party(deal.customer),
        "bill_to": _party(deal.bill_to) if deal.bill_to else None,
        "legal_entity": deal.entity,
        "service_line": deal.service_line,
        "region": deal.region,
        "currency": deal.currency,
        "stage": "Closed Won" if deal.stage == "won" else "Negotiation/Review",
        "start": deal.starts.isoformat(),
        "end": deal.ends.isoformat(),
        "payment_terms": f"Net {deal.payment_terms_days}",
        "purchase_orders": deal.purchase_orders,
        "lines": [quoted for line in deal.lines for quoted in _quoted(line)],
    }


def _party(party: Party) -> Json:
    facts = party.model_dump(exclude={"purchase_order_per_workstream"})
    facts["legal_name"] = party.legal_name or party.name
    return {**facts, "order_per_workstream": party.purchase_order_per_workstream}


def _quoted(line: Line) -> list[Json]:
    """One line of the quote, or for time one for each role."""
    facts: Json = {"reference": line.line, "kind": line.kind, "workstream": line.workstream, "service_template": line.sells}
    title = line.title or line.sells.replace("-", " ").capitalize()
    if line.kind == "time_and_materials":
        return [
            {**facts, "name": f"{title}, {name}", "role": name, "price": str(role.rate), "quantity": str(role.hours)}
            for name, role in line.roles.items()
        ]
    return [{**facts, "name": title, "price": str(line.amount), "months": line.months}]


# DocuSign: the envelope, sent and not yet signed.


def _envelope(contract: str, deal: Deal) -> Json:
    return {
        "status": "sent",
        "emailSubject": f"Statement of work {contract}",
        "custom_fields": {"ContractReference": contract},
        "signers": [{"name": f"Signatory of {deal.customer.name}", "email": "signatory@customer.example"}],
        "terms": deal.terms(),
        "documents": [f"{contract}.pdf"],
    }


# Kantata: the roles that are sold.


def _roles(deals: Mapping[str, Deal]) -> Json:
    sold = {name for deal in deals.values() for line in deal.lines for name in line.roles}
    return {str(11 + number): {"name": name} for number, name in enumerate(sorted(sold | {"Senior", "Consultant"}))}


# NetSuite: subsidiaries, currencies and the customers of before.


def _netsuite(customers: Mapping[str, ErpCustomer]) -> Json:
    return {
        "currency": {number: {"name": code, "symbol": code} for code, number in CURRENCIES.items()},
        "subsidiary": {
            number: {"externalId": entity, "name": entity, "currency": {"id": CURRENCIES[currency]}, "country": {"id": country}}
            for entity, (number, currency, country) in SUBSIDIARIES.items()
        },
        "customer": {number: _erp_customer(customer) for number, customer in customers.items()},
    }


def _erp_customer(customer: ErpCustomer) -> Json:
    record: Json = {
        "entityId": customer.name,
        "companyName": customer.name,
        "isPerson": False,
        "isInactive": customer.inactive,
        "subsidiary": {"id": SUBSIDIARIES[customer.entity][0]},
        "currency": {"id": CURRENCIES[customer.currency]},
        "balance": float(customer.exposure),
    }
    if customer.credit_limit is not None:
        record["creditLimit"] = float(customer.credit_limit)
    if customer.tax_number:
        record["vatRegNumber"] = customer.tax_number
    return record
