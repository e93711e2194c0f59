"""Who may tax at an address on a day, and whether the company has declared nexus there."""

from datetime import date
from decimal import Decimal
from typing import Any

Record = dict[str, Any]
SHORT_TYPES = {"Country": "CNT", "State": "STA", "County": "CTY", "City": "CIT", "Special": "STJ"}


def at(state: Record, address: Record, on: date) -> list[Record]:
    """The jurisdictions of an address, the widest first; none where nobody taxes that we know of."""
    found = [each for each in state["jurisdictions"].values() if _holds(each, address) and _is_on(each, on)]
    return sorted(found, key=lambda each: list(SHORT_TYPES).index(each["jurisdictionType"]))


def has_nexus(state: Record, company: Record, jurisdiction: Record, on: date) -> bool:
    """A state's nexus covers what the state administers; a jurisdiction that administers itself wants its own."""
    declared = [
        each
        for each in state["nexus"].values()
        if each["companyId"] == profile_of(state, company)["id"]
        and each["country"] == jurisdiction["country"]
        and each.get("nexusTypeId", "SalesOrSellersUseTax") != "None"
        and _is_on(each, on)
    ]
    return any(_covers(each, jurisdiction) for each in declared)


def profile_of(state: Record, company: Record) -> Record:
    """The company whose nexus and rules count: its parent, where it has no profile of its own."""
    parent = state["companies"].get(str(company.get("parentCompanyId") or ""))
    return company if parent is None or company.get("hasProfile", True) else profile_of(state, parent)


def rate_of(jurisdiction: Record, tax_code: str) -> Decimal:
    """The rate of a product there; zero where it is not taxable."""
    is_taxable = not any(tax_code.startswith(code) for code in jurisdiction.get("nontaxable", ()))
    return Decimal(str(jurisdiction["rate"])) if is_taxable else Decimal(0)


def _covers(nexus: Record, jurisdiction: Record) -> bool:
    declared, wanted = nexus["jurisdictionTypeId"], jurisdiction["jurisdictionType"]
    if declared == wanted and nexus["jurisCode"] == jurisdiction["jurisCode"]:
        return True
    if declared != "State" or nexus["region"] != jurisdiction["region"] or wanted in {"Country", "State"}:
        return False
    return not jurisdiction.get("isSelfAdministered") or nexus.get("localNexusTypeId") == "All"


def _holds(jurisdiction: Record, address: Record) -> bool:
    if jurisdiction["country"] != address.get("country"):
        return False
    if jurisdiction.get("region") and jurisdiction["region"] != address.get("region"):
        return False
    if jurisdiction.get("city") and jurisdiction["city"].casefold() != str(address.get("city", "")).casefold():
        return False
    codes = jurisdiction.get("postalCodes")
    return not codes or any(str(address.get("postalCode", "")).startswith(code) for code in codes)


def _is_on(dated: Record, on: date) -> bool:
    return (dated.get("effectiveDate") or "0000") <= on.isoformat() <= (dated.get("endDate") or "9999")
