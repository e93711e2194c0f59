"""What each system holds of a contract, in a line for each record that people would look for."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rehearsal.estate import Record, number
from rehearsal.vendors import Vendors
from rehearsal.world import envelope_id

_TITLES = {
    "salesforce": "Salesforce",
    "docusign": "DocuSign",
    "kantata": "Kantata",
    "netsuite": "NetSuite",
    "sharepoint": "SharePoint",
}


@dataclass(frozen=True)
class Holding:
    """One record as people see it."""

    system: str
    what: str
    id: str
    says: str


async def holdings(vendors: Vendors, records: list[Record], contract: str) -> list[Holding]:
    """Every one, in the order of the chain."""
    envelope = (await vendors["docusign"].state())["envelopes"].get(envelope_id(contract), {})
    mine = [record for record in records if record.contract == contract]
    customers = {str(r.fields.get("parent", {}).get("id")) for r in mine if (r.system, r.kind) == ("netsuite", "project")}
    mine += [r for r in records if (r.system, r.kind) == ("netsuite", "customer") and r.id in customers]
    found = [Holding("DocuSign", "envelope", envelope_id(contract), envelope.get("status", "none"))]
    found += [one for record in mine for one in _shown(record, mine)]
    order = list(_TITLES.values())
    return sorted(found, key=lambda one: order.index(one.system))


def _shown(record: Record, mine: list[Record]) -> Iterator[Holding]:
    fields, title = record.fields, _TITLES[record.system]
    gone = "" if record.live else "withdrawn; "
    match record.system, record.kind:
        case "salesforce", "deal":
            says = f"{fields['StageName']}, {_amount(fields['Amount'])}; handoff: {fields.get('Handoff_Status__c') or 'none'}"
            yield Holding(title, "deal", record.id, says)
        case "kantata", "project":
            says = f"{gone}{_amount(fields['price'])} {fields['currency']}"
            yield Holding(title, "project", record.id, "; ".join(filter(None, [says, _parts(mine)])))
        case "netsuite", "customer":
            yield Holding(title, "customer", record.id, f"{gone}{fields['companyName']}")
        case "netsuite", "project":
            yield Holding(title, "project", record.id, f"{gone}{_amount(fields['jobPrice'])}")
        case "netsuite", "schedule":
            yield Holding(title, "billing schedule", record.id, gone + _billed(record))
        case "sharepoint", "workspace":
            yield Holding(title, "workspace", record.id, f"{gone}{fields['path']}")
        case "sharepoint", "document":
            yield Holding(title, "signed contract", record.id, f"{gone}{fields['path']}")


def _parts(mine: list[Record]) -> str:
    kinds = {"phase": "phases", "milestone": "milestones", "resource": "roles to staff"}
    parts = [(sum(r.system == "kantata" and r.kind == kind for r in mine), name) for kind, name in kinds.items()]
    return ", ".join(f"{count} {name}" for count, name in parts if count)


def _billed(record: Record) -> str:
    amounts = [_amount(item["milestoneAmount"]) for item in record.fields.get("milestone", [])]
    return ", ".join(amounts) if amounts else "time, monthly"


def _amount(value: object) -> str:
    return f"{number(value) or Decimal(0):,.2f}"
