"""NetSuite in rehearsals: customers, projects, billing schedules, invoices."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rehearsal.beginning import Beginning, ErpCustomer
from rehearsal.record import Holding, Json, Record, RecordKind, spoken_amount
from rehearsal.systems.system import Secrets, System

CURRENCIES = {"USD": "1", "GBP": "2", "EUR": "3", "INR": "4", "CAD": "5"}
SUBSIDIARIES = {"US01": ("1", "USD", "US"), "UK01": ("2", "GBP", "GB"), "DE01": ("3", "EUR", "DE"), "IN01": ("4", "INR", "IN")}
_SYMBOLS = {number: code for code, number in CURRENCIES.items()}
_DOCUMENTS: dict[RecordKind, str] = {"invoice": "invoice", "credit_memo": "creditMemo"}
_ACCOUNT = "TSTDRV7700001_SB1"
_ESCAPED = re.compile(r"__|_([0-9A-F]{2})")


class NetSuite(System):
    """The ERP."""

    name = "netsuite"
    title = "NetSuite"
    secrets = ("netsuite_consumer", "netsuite_token")
    bound = frozenset({"customer", "project"})
    asking = "/token|/suiteql"

    def environment(self, secrets: Secrets) -> dict[str, str]:
        return {
            "HANDOFF_NETSUITE_ACCOUNT": _ACCOUNT,
            "HANDOFF_NETSUITE_CONSUMER_KEY": "handoff",
            "HANDOFF_NETSUITE_CONSUMER_SECRET": secrets["netsuite_consumer"],
            "HANDOFF_NETSUITE_TOKEN_ID": "handoff-rehearsal",
            "HANDOFF_NETSUITE_TOKEN_SECRET": secrets["netsuite_token"],
        }

    def access(self, secrets: Secrets, gateway: str) -> Json:
        credentials = {
            "consumer_key": "handoff",
            "consumer_secret": secrets["netsuite_consumer"],
            "token_id": "handoff-rehearsal",
            "token_secret": secrets["netsuite_token"],
        }
        return {"account": {"id": _ACCOUNT, "tba": [credentials]}}

    def seed(self, beginning: Beginning) -> Json:
        return {
            "currency": {number: {"name": code, "symbol": code} for code, number in CURRENCIES.items()},
            "subsidiary": {
                number: _subsidiary(entity, currency, country) for entity, (number, currency, country) in SUBSIDIARIES.items()
            },
            "customer": {number: _customer(customer) for number, customer in beginning.erp_customers.items()},
        }

    def records(self, state: Json) -> Iterator[Record]:
        records = state["records"]
        jobs = {number: _reference(job) for number, job in records.get("job", {}).items()}
        for number, customer in records.get("customer", {}).items():
            yield _record("customer", number, customer, "")
        for number, job in records.get("job", {}).items():
            yield _record("project", number, job, jobs[number])
        for number, schedule in records.get("billingSchedule", {}).items():
            yield _record("schedule", number, schedule, jobs.get(_id(schedule.get("job")), ""))
        for number, task in records.get("projectTask", {}).items():
            kind: RecordKind = "task" if task.get("parent") else "phase"
            yield _record(kind, number, task, jobs.get(_id(task.get("project")), ""))
        for kind, name in _DOCUMENTS.items():
            for number, document in records.get(name, {}).items():
                yield _record(kind, number, document, _reference(document).partition(".")[0])

    def shown(self, contract: str, mine: Sequence[Record], state: Json) -> Iterator[Holding]:
        projects = [record.fields for record in mine if (record.system, record.kind) == (self.name, "project")]
        customers = {_id(project.get("parent")) for project in projects}
        theirs = [r for r in self.records(state) if r.kind == "customer" and r.id in customers]
        for record in (*(one for one in mine if one.system == self.name), *theirs):
            gone = "" if record.live else "withdrawn; "
            match record.kind:
                case "customer":
                    yield Holding(self.title, "customer", record.id, f"{gone}{record.fields['companyName']}")
                case "project":
                    yield Holding(self.title, "project", record.id, gone + spoken_amount(record.fields["jobPrice"]))
                case "schedule":
                    yield Holding(self.title, "billing schedule", record.id, gone + _billed(record))
                case "invoice" | "credit_memo":
                    yield Holding(self.title, record.kind.replace("_", " "), record.id, gone + _numbered(record.fields))


def _subsidiary(entity: str, currency: str, country: str) -> Json:
    return {"externalId": entity, "name": entity, "currency": {"id": CURRENCIES[currency]}, "country": {"id": country}}


def _record(kind: RecordKind, number: str, record: Json, contract: str) -> Record:
    return Record("netsuite", kind, number, _reference(record), contract, not record.get("isInactive"), record)


def _reference(record: Json) -> str:
    """An external id as we write it there: ``__`` stands for a dot, ``_3A`` for the character of that code."""
    return _ESCAPED.sub(lambda part: "." if part[0] == "__" else chr(int(part[1], 16)), record.get("externalId") or "")


def _id(reference: Any) -> str:
    return str((reference or {}).get("id", ""))


def _customer(customer: ErpCustomer) -> Json:
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


def _numbered(document: Json) -> str:
    currency = _SYMBOLS.get(_id(document.get("currency")), "")
    return f"{document.get('tranId', '')}, {spoken_amount(document.get('total'))} {currency}".strip()


def _billed(record: Record) -> str:
    amounts = [spoken_amount(item["milestoneAmount"]) for item in record.fields.get("milestone", [])]
    return ", ".join(amounts) if amounts else "time, monthly"
