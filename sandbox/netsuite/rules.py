"""The business rules that NetSuite keeps beyond the shape of a record: companies, subsidiaries, billing types, dependents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import TYPE_CHECKING

from sandbox.netsuite import bookkeeping, charges
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import invalid_reference, user_error
from sandbox.netsuite.fields import RecordType
from sandbox.netsuite.transactions import POSTING

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records

_MILESTONES, _INTERVAL = "4", "3"
_STANDARD = "1"


def complete(records: Records, kind: RecordType, record: Json) -> None:
    """Fill in what NetSuite derives from other records when a record is new."""
    if kind.name in {"customer", "job", "employee"} and not record.get("entityId"):
        record["entityId"] = f"{kind.name[:3].upper()}{record['id']}"
    if kind.name == "customer":
        _inherit(records, record, "currency", "subsidiary", _id(record, "subsidiary"))
    if kind.name == "job":
        _inherit(records, record, "currency", "customer", _id(record, "parent"))


def _inherit(records: Records, record: Json, field: str, kind: str, key: str | None) -> None:
    source = records.find(kind, key) if key else None
    if source and source.get(field) and not record.get(field):
        record[field] = source[field]


def check(records: Records, kind: RecordType, record: Json, before: Json | None) -> None:
    """Refuse what the account's rules forbid."""
    if kind.name in POSTING:
        bookkeeping.prepare(records, kind.name, record, before)
    elif kind.name in _CHECKS:
        _CHECKS[kind.name](records, record, before)


def _customer(records: Records, record: Json, before: Json | None) -> None:
    needed = {"firstName": "First Name", "lastName": "Last Name"} if record.get("isPerson") else {"companyName": "Company Name"}
    missing = [label for name, label in needed.items() if not record.get(name)]
    if missing:
        raise user_error(f"Please enter value(s) for: {', '.join(missing)}.")
    moved = before is not None and _id(before, "subsidiary") != _id(record, "subsidiary")
    if moved and any(_id(job, "parent") == record["id"] for job in records.all("job").values()):
        raise user_error("The subsidiary of a customer that has projects or transactions cannot be changed.")
    _not_negative(record.get("creditLimit"), "Credit Limit")


def _job(records: Records, record: Json, before: Json | None) -> None:
    customer = records.find("customer", _id(record, "parent") or "")
    if customer and _id(customer, "subsidiary") != _id(record, "subsidiary"):
        raise invalid_reference("subsidiary", str(_id(record, "subsidiary")))
    start, end = record.get("startDate"), record.get("projectedEndDate")
    if start and end and end < start:
        raise user_error("The end date of a project cannot be before its start date.")
    schedule = records.find("billingSchedule", _id(record, "billingSchedule") or "")
    if schedule and _id(schedule, "scheduleType") not in {_id(record, "jobBillingType"), _STANDARD}:
        raise user_error("The billing schedule is of another type than the billing type of the project.")
    _not_negative(record.get("jobPrice"), "Project Price")


def _project_task(records: Records, record: Json, before: Json | None) -> None:
    parent = records.find("projectTask", _id(record, "parent") or "")
    if parent and _id(parent, "project") != _id(record, "project"):
        raise invalid_reference("parent", str(_id(record, "parent")))
    _not_negative(record.get("estimatedWork"), "Estimated Work")


def _billing_schedule(records: Records, record: Json, before: Json | None) -> None:
    kind = _id(record, "scheduleType")
    if kind == _MILESTONES and not (_id(record, "job") and record.get("milestone")):
        raise user_error("Please enter value(s) for: Project, Milestone.")
    if kind == _INTERVAL and not record.get("frequency"):
        raise user_error("Please enter value(s) for: Recurrence Frequency.")
    for line in record.get("milestone", []):
        _not_negative(line["milestoneAmount"], "Amount")
        task = records.find("projectTask", _id(line, "projectTask") or "")
        if task and _id(task, "project") != _id(record, "job"):
            raise invalid_reference("projectTask", str(_id(line, "projectTask")))


_CHECKS: Mapping[str, Callable[[Records, Json, Json | None], None]] = {
    "customer": _customer,
    "job": _job,
    "projectTask": _project_task,
    "billingSchedule": _billing_schedule,
    "timeBill": charges.check_time,
    "charge": charges.check_charge,
}
# What points at a record keeps it from being deleted: (type of the dependent, its field).
_DEPENDENTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "subsidiary": (("customer", "subsidiary"), ("job", "subsidiary")),
    "customer": (
        ("job", "parent"),
        ("customer", "parent"),
        ("invoice", "entity"),
        ("creditMemo", "entity"),
        ("customerPayment", "customer"),
        ("customerDeposit", "customer"),
    ),
    "job": (("projectTask", "project"), ("billingSchedule", "job"), ("charge", "billTo"), ("invoice", "job")),
    "projectTask": (("projectTask", "parent"),),
    "billingSchedule": (("job", "billingSchedule"),),
}


def check_deletion(records: Records, name: str, record: Json) -> None:
    """Refuse to delete what others depend on."""
    for kind, field in _DEPENDENTS.get(name, ()):
        if any(_id(other, field) == record["id"] for other in records.all(kind).values()):
            raise user_error("This record cannot be deleted because it has dependent records.")
    if name == "charge":
        charges.check_charge_deletion(records, record)
    if name in POSTING and (record["_posting"] or record.get("_voided")):
        linked = bookkeeping.used(record)
        why = "because it is linked to by one or more transactions" if linked else "by your role, because it is posted"
        raise user_error(f"This transaction cannot be deleted {why}.")


def release(records: Records, name: str, record: Json) -> None:
    """Let go of what a record that is deleted held: the charges of a withdrawn draft can be billed again."""
    for charge in records.all("charge").values() if name == "invoice" else ():
        if _id(charge, "invoice") == record["id"]:
            del charge["invoice"]
            records.changed("charge", charge)


def _not_negative(given: object, label: str) -> None:
    if isinstance(given, Real) and given < 0:
        raise user_error(f"{label} must not be negative.")


def _id(record: Json, field: str) -> str | None:
    linked = record.get(field)
    return str(linked["id"]) if linked else None
