"""Ownership: which capability's system is the system of record of each object and field (R24, R25)."""

from collections.abc import Iterator
from enum import StrEnum

from canonical.landscape import Capability
from policies.shape import Flaw, Shape, Version, Versioned


class OwnedObject(StrEnum):
    """What has a system of record (R24)."""

    CUSTOMER = "customer"
    ACCOUNT = "account"
    OPPORTUNITY = "opportunity"
    QUOTE = "quote"
    PRICING = "pricing"
    CONTRACT = "contract"
    CONTRACT_IDENTIFIER = "contract_identifier"
    SERVICE_CATALOG = "service_catalog"
    PROJECT_TEMPLATE = "project_template"
    PROJECT = "project"
    RESOURCE_ASSIGNMENT = "resource_assignment"
    TIME_ENTRY = "time_entry"
    EXPENSE = "expense"
    RATE_CARD = "rate_card"
    BILLING_SCHEDULE = "billing_schedule"
    BILLING_EVENT = "billing_event"
    INVOICE = "invoice"
    PAYMENT = "payment"
    REVENUE_SCHEDULE = "revenue_schedule"
    TAX_ATTRIBUTE = "tax_attribute"


class Owner(Shape):
    """Who owns an object, and who owns single fields of it instead."""

    owner: Capability
    fields: dict[str, Capability] = {}


class OwnershipVersion(Version):
    """The matrix, from a date."""

    objects: dict[OwnedObject, Owner]

    def owner_of(self, owned: OwnedObject, field: str = "") -> Capability:
        """The capability whose system is the system of record of the field, or of the whole object."""
        entry = self.objects[owned]
        return entry.fields.get(field, entry.owner)


class Ownership(Versioned[OwnershipVersion]):
    """One connectivity model: ERP-centric, PSA-centric or federated (R4)."""

    title: str

    def flaws(self) -> Iterator[Flaw]:
        """Every object has an owner in every version."""
        yield from self.order_flaws()
        for number, version in enumerate(self.versions):
            for missing in [owned for owned in OwnedObject if owned not in version.objects]:
                yield Flaw(
                    ("versions", number, "objects"),
                    f"{missing.value} has no owner",
                    f"Add {missing.value} with the capability that owns it.",
                )
