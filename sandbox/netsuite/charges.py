"""What a project consumed before it is billed: time (``timeBill``) and charges; neither of them posts anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.netsuite.amounts import exact, plain, rounded
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.chart import ITEMS
from sandbox.netsuite.errors import invalid_content, user_error
from sandbox.netsuite.fields import RecordType, choice, date, flag, given, moment, number, reference, text

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records

_STAMPS = {
    "id": given(text("Internal ID")),
    "externalId": text("External ID"),
    "createdDate": given(moment("Date Created")),
    "lastModifiedDate": given(moment("Last Modified Date")),
}
_DIMENSIONS = {
    "class": reference("classification", label="Class"),
    "department": reference("department", label="Department"),
    "location": reference("location", label="Location"),
}
_TIME = RecordType(
    "timeBill",
    {
        **_STAMPS,
        **_DIMENSIONS,
        "customer": reference("job", "customer", label="Customer"),
        "caseTaskEvent": reference("projectTask", label="Case/Task/Event"),
        "employee": reference("employee", label="Employee"),
        "item": reference(*ITEMS, label="Item"),
        "hours": text("Duration"),
        "rate": number("Rate"),
        "isBillable": flag("Billable"),
        "tranDate": date("Date"),
        "memo": text("Memo"),
        "approvalStatus": choice(
            {"1": "Open", "2": "Pending Approval", "3": "Approved", "4": "Rejected"},
            "Approval Status",
        ),
        "timeType": choice({"A": "Actual Time", "P": "Planned Time", "B": "Allocated Time"}, "Type"),
        "subsidiary": reference("subsidiary", label="Subsidiary"),
        "posted": given(flag("Posted")),
    },
    required=("employee", "hours", "tranDate"),
    named_by=("id",),
    defaults={"isBillable": False, "approvalStatus": {"id": "3"}, "timeType": {"id": "A"}, "posted": False},
)
_CHARGE = RecordType(
    "charge",
    {
        **_STAMPS,
        **_DIMENSIONS,
        "billTo": reference("job", "customer", label="Bill To"),
        "projectTask": reference("projectTask", label="Project Task"),
        "chargeType": choice({"-1": "Fixed Date", "-2": "Time-Based", "-3": "Expense-Based", "-4": "Milestone"}, "Charge Type"),
        "chargeDate": date("Date"),
        "billDate": date("Bill Date"),
        "chargeEmployee": reference("employee", label="Employee", inactive_allowed=True),
        "billingItem": reference(*ITEMS, label="Billing Item"),
        "quantity": number("Quantity"),
        "rate": number("Rate"),
        "amount": number("Amount"),
        "units": text("Units"),
        "currency": reference("currency", label="Currency"),
        "subsidiary": reference("subsidiary", label="Subsidiary"),
        "description": text("Description"),
        "memo": text("Memo"),
        "serviceStartDate": date("Service Start Date"),
        "serviceEndDate": date("Service End Date"),
        "timeRecord": reference("timeBill", label="Time Record"),
        "stage": choice(
            {
                "NON_BILLABLE": "Non-Billable",
                "READY_FOR_BILLING": "Ready for Billing",
                "HOLD_FOR_BILLING": "Hold for Billing",
            },
            "Stage",
        ),
        "use": choice({"Forecast": "Forecast", "Actual": "Actual"}, "Use"),
        "rule": text("Charge Rule"),
        "runId": text("Charge Run ID"),
        "invoice": reference("invoice", label="Invoice"),
        "invoiceLine": text("Invoice Item Line"),
        "creditMemo": reference("creditMemo", label="Credit Memo"),
        "creditMemoLine": text("Credit Memo Item Line"),
    },
    required=("billTo",),
    named_by=("id",),
    defaults={"stage": {"id": "READY_FOR_BILLING"}, "use": {"id": "Actual"}},
)
CHARGES = (_TIME, _CHARGE)
_MONEY = ("billTo", "amount", "quantity", "rate", "currency")


def check_time(records: Records, record: Json, before: Json | None) -> None:
    """A duration is ``7:30`` or a number of hours."""
    if not re.fullmatch(r"\d+:[0-5]\d|\d+(\.\d+)?", record["hours"]):
        raise invalid_content("hours", "Invalid value for the resource or sub-resource field 'hours'. Provide a valid value.")


def check_charge(records: Records, record: Json, before: Json | None) -> None:
    """Fill in what follows from project and rate; the money of a billed charge stays as it is."""
    job = records.find("job", record["billTo"]["id"])
    customer = records.find("customer", job["parent"]["id"] if job and job.get("parent") else record["billTo"]["id"])
    for field in ("subsidiary", "currency"):
        books = records.find("subsidiary", record["subsidiary"]["id"]) if record.get("subsidiary") else None
        source = next((one[field] for one in (job, customer, books) if one and one.get(field)), None)
        if source:
            record.setdefault(field, source)
    if record.get("amount") is None:
        record["amount"] = plain(exact(record.get("quantity", 1)) * exact(record.get("rate")))
    record["amount"] = plain(rounded(exact(record["amount"])))
    if before and before.get("invoice") and any(before.get(field) != record.get(field) for field in _MONEY):
        raise user_error("A charge that has been billed cannot be changed.")


def check_charge_deletion(records: Records, record: Json) -> None:
    """A charge that an invoice bills stays."""
    if record.get("invoice"):
        raise user_error("This record cannot be deleted because it has dependent records.")
