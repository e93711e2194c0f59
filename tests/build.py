"""One valid default of each thing, overridden by keyword."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from canonical.acceptance import Acceptance
from canonical.contract import Contract, ContractLine, MilestoneTerm, PurchaseOrder, RateTerm
from canonical.document import DocumentReference, SignedContract, SigningState
from canonical.money import Money
from canonical.party import Address, Customer, CustomerRecord, TaxRegistration
from canonical.period import Period
from canonical.quote import BillingKind, Deal, DealStage, Quote, QuoteLine
from canonical.rules.activation import ActivationCase, ActivationRules
from canonical.rules.matching import Match, MatchKind
from canonical.service_template import PhaseTemplate, ServiceTemplate, TaskTemplate
from canonical.time_entry import ApprovalState, TimeEntry

EXECUTED = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)


def usd(amount: str | int) -> Money:
    return Money.of(amount, "USD")


def a_customer(**changes: Any) -> Customer:
    facts: dict[str, Any] = {
        "reference": "CUST-ACME",
        "legal_name": "Acme, Inc.",
        "currency": "USD",
        "entity": "US01",
        "addresses": (Address(line1="1 Main St", city="Springfield", region="IL", postal_code="62701", country="US"),),
        "tax_registrations": (TaxRegistration(country="US", number="12-3456789"),),
    }
    return Customer(**{**facts, **changes})


def a_customer_record(**changes: Any) -> CustomerRecord:
    facts: dict[str, Any] = {"target_id": "501", "legal_name": "Acme, Inc.", "entity": "US01", "tax_numbers": ("12-3456789",)}
    return CustomerRecord(**{**facts, **changes})


def a_fixed_line(**changes: Any) -> ContractLine:
    facts: dict[str, Any] = {
        "reference": "L1",
        "kind": BillingKind.FIXED_FEE,
        "description": "Implementation",
        "service_template": "implementation",
        "workstream": "WS-A",
        "amount": usd(100_000),
        "milestones": (
            MilestoneTerm(reference="M1", title="Design accepted", amount=usd(40_000), due=date(2026, 5, 31)),
            MilestoneTerm(reference="M2", title="Go-live", amount=usd(60_000), due=date(2026, 9, 30), after=("M1",)),
        ),
        "clause": "SOW 3.1",
    }
    return ContractLine(**{**facts, **changes})


def a_time_line(**changes: Any) -> ContractLine:
    facts: dict[str, Any] = {
        "reference": "L2",
        "kind": BillingKind.TIME_AND_MATERIALS,
        "description": "Advisory",
        "service_template": "advisory",
        "workstream": "WS-B",
        "rates": (
            RateTerm(role="Senior", rate=usd(225), hours=Decimal(400)),
            RateTerm(role="Consultant", rate=usd(165), hours=Decimal(600)),
        ),
    }
    return ContractLine(**{**facts, **changes})


def a_contract(**changes: Any) -> Contract:
    facts: dict[str, Any] = {
        "reference": "C-100",
        "version": 1,
        "title": "Acme ERP programme",
        "entity": "US01",
        "currency": "USD",
        "customer": a_customer(),
        "region": "AMER",
        "service_line": "Consulting",
        "term": Period.through(date(2026, 4, 1), date(2027, 3, 31)),
        "executed_at": EXECUTED,
        "payment_terms_days": 30,
        "lines": (a_fixed_line(), a_time_line()),
        "purchase_orders": (PurchaseOrder(number="4500-1", workstream="WS-A"), PurchaseOrder(number="4500-2", workstream="WS-B")),
        "document": DocumentReference(system="docusign", target_id="env-1/combined", name="C-100.pdf"),
        "deal_id": "006A",
    }
    return Contract(**{**facts, **changes})


def a_template(reference: str = "implementation", **changes: Any) -> ServiceTemplate:
    facts: dict[str, Any] = {
        "reference": reference,
        "title": reference.title(),
        "practice": "Consulting",
        "phases": (
            PhaseTemplate(
                reference="DESIGN", title="Design", share=Decimal("0.3"), tasks=(TaskTemplate(reference="T1", title="Workshops"),)
            ),
            PhaseTemplate(
                reference="BUILD",
                title="Build",
                share=Decimal("0.7"),
                tasks=(TaskTemplate(reference="T1", title="Configuration"),),
            ),
        ),
    }
    return ServiceTemplate(**{**facts, **changes})


def some_rules(**changes: Any) -> ActivationRules:
    facts: dict[str, Any] = {
        "entity_currencies": {"US01": ("USD",), "DE01": ("EUR", "USD")},
        "required_fields": ("term", "payment_terms_days", "region", "service_line"),
        "tax_number_countries": ("US", "DE", "GB"),
    }
    return ActivationRules(**{**facts, **changes})


def a_case(**changes: Any) -> ActivationCase:
    facts: dict[str, Any] = {
        "contract": a_contract(),
        "rules": some_rules(),
        "templates": (a_template(), a_template("advisory")),
        "match": Match(kind=MatchKind.NONE),
    }
    return ActivationCase(**{**facts, **changes})


def a_quote(**changes: Any) -> Quote:
    def line(reference: str, kind: BillingKind, amount: int, **more: Any) -> QuoteLine:
        template = "advisory" if kind is BillingKind.TIME_AND_MATERIALS else "implementation"
        facts = {
            "reference": reference,
            "kind": kind,
            "description": reference,
            "service_template": template,
            "amount": usd(amount),
        }
        return QuoteLine(**{**facts, **more})

    facts: dict[str, Any] = {
        "reference": "Q-1",
        "version": "2026-03-20T10:00:00Z",
        "currency": "USD",
        "start": date(2026, 4, 1),
        "end": date(2027, 3, 31),
        "payment_terms_days": 30,
        "lines": (
            line("L1", BillingKind.FIXED_FEE, 100_000, workstream="WS-A"),
            line(
                "L2",
                BillingKind.TIME_AND_MATERIALS,
                90_000,
                role="Senior",
                quantity=Decimal(400),
                rate=usd(225),
                workstream="WS-B",
            ),
            line(
                "L2",
                BillingKind.TIME_AND_MATERIALS,
                99_000,
                role="Consultant",
                quantity=Decimal(600),
                rate=usd(165),
                workstream="WS-B",
            ),
        ),
    }
    return Quote(**{**facts, **changes})


def a_deal(**changes: Any) -> Deal:
    facts: dict[str, Any] = {
        "target_id": "006A",
        "version": "2026-03-30T09:00:00Z",
        "contract": "C-100",
        "title": "Acme ERP programme",
        "stage": DealStage.WON,
        "amount": usd(289_000),
        "account_id": "001A",
        "quote_id": "a0A1",
        "entity": "US01",
        "region": "AMER",
        "service_line": "Consulting",
        "purchase_orders": {"WS-A": "4500-1", "WS-B": "4500-2"},
    }
    return Deal(**{**facts, **changes})


SIGNED_TERMS = {
    "total": "289,000.00",
    "currency": "USD",
    "legal_entity": "US01",
    "payment_terms_days": "30",
    "start_date": "2026-04-01",
    "end_date": "2027-03-31",
    "line.L1.amount": "100000",
    "line.L1.kind": "fixed_fee",
    "line.L2.rate.Senior": "225",
    "line.L2.rate.Consultant": "165",
    "milestone.M1.amount": "40000",
    "milestone.M1.title": "Design accepted",
    "milestone.M1.due": "2026-05-31",
    "milestone.M2.amount": "60000",
    "milestone.M2.title": "Go-live",
    "milestone.M2.due": "2026-09-30",
}


def a_signed_contract(**changes: Any) -> SignedContract:
    facts: dict[str, Any] = {
        "target_id": "env-1",
        "version": "2026-03-30T09:00:00Z",
        "contract": "C-100",
        "state": SigningState.EXECUTED,
        "executed_at": EXECUTED,
        "signers": ("Ann Buyer", "Bob Seller"),
        "terms": SIGNED_TERMS,
        "document": DocumentReference(system="docusign", target_id="env-1/combined", name="C-100.pdf"),
    }
    return SignedContract(**{**facts, **changes})


def an_acceptance(contract: str, **changes: Any) -> Acceptance:
    facts: dict[str, Any] = {
        "contract": contract,
        "milestone": "M1",
        "version": "2026-04-17",
        "accepted_on": date(2026, 4, 17),
        "accepted_by": "pat@acme.example",
        "evidence_url": "https://firm.example/acceptance",
    }
    return Acceptance(**{**facts, **changes})


def an_entry(contract: str, **changes: Any) -> TimeEntry:
    facts: dict[str, Any] = {
        "system": "kantata",
        "source_id": f"{contract}-1",
        "source_version": "2026-04-20T09:00:00Z",
        "project": contract,
        "task": f"{contract}.L2.advise.advice",
        "person": "rhea@firm.example",
        "state": ApprovalState.APPROVED,
        "approved_by": "otto@firm.example",
        "work_date": date(2026, 4, 16),
        "hours": Decimal(8),
        "role": "Senior",
    }
    return TimeEntry(**{**facts, **changes})
