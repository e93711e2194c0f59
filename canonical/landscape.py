"""Capabilities and the scope in which one is asked for; which system serves it is policy."""

from datetime import date
from enum import StrEnum

from canonical.schema import Part


class Capability(StrEnum):
    """What a system can be asked to do; one vendor may serve several (DESIGN 2)."""

    CRM = "crm"
    QUOTES = "quotes"
    CONTRACTS = "contracts"
    PSA = "psa"
    TIME = "time"
    PEOPLE = "people"
    CUSTOMERS = "customers"
    PROJECT_ACCOUNTING = "project_accounting"
    BILLING = "billing"
    RECEIVABLES = "receivables"
    GENERAL_LEDGER = "general_ledger"
    SUBSCRIPTIONS = "subscriptions"
    TAX = "tax"
    DOCUMENTS = "documents"
    TICKETS = "tickets"
    WAREHOUSE = "warehouse"
    NOTICES = "notices"


class Scope(Part):
    """For whom and when: routing is by legal entity, region, service line and the date of service (R157)."""

    entity: str = ""
    region: str = ""
    service_line: str = ""
    service_date: date
