"""Posting: what must hold before a transaction is saved, and what follows in other records once it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.netsuite import applications, documents, heads, impact, journals, periods, receipts
from sandbox.netsuite.amounts import ZERO, exact, plain
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import user_error
from sandbox.netsuite.status import status_of

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records


def prepare(records: Records, kind: str, record: Json, before: Json | None) -> None:
    """Fill in what follows from the rest and refuse what the books cannot take; no other record changes here."""
    if before and (before.get("_voided") or before.get("void")):
        raise user_error(f"The transaction {before['tranId']} is void, or voids another, and cannot be changed.")
    if sum(len(record.get(name, [])) for name in ("item", "line", "apply")) > records.setting("line_limit"):
        raise user_error(f"A transaction can have at most {records.setting('line_limit')} lines.")
    _PREPARED[kind](records, record, before)
    record["_posting"] = _posts(kind, record)
    _may_change(records, kind, record, before)
    _realized(records, kind, record, before)
    heads.numbered(records, kind, record)
    record["status"] = status_of(kind, record)


def settle(records: Records, kind: str, record: Json, before: Json | None) -> None:
    """The documents that were applied to, the balances of the customer, the gain of a later application, the reversal."""
    came, went = applications.changes(record, before)
    applications.settle(records, came, went)
    if kind == "depositApplication":
        receipts.draw(records, record, before)
    for found in _realized(records, kind, record, before):
        balance(records, records.add("fxReval", found), 1)
    balance(records, before, -1)
    balance(records, record, 1)
    if kind == "journalEntry" and record["_posting"] and record.get("reversalDate") and not record.get("reversalEntry"):
        journals.reverse(records, record)


def balance(records: Records, record: Json | None, sign: int) -> None:
    """Add what a transaction posted to the balances of its customer."""
    for line in record["_impact"] if record and record["_posting"] else ():
        field = {"receivable": "balance", "deposit": "depositBalance"}.get(line["role"])
        customer = records.find("customer", line["entity"]["id"]) if field and line.get("entity") else None
        if field and customer:
            move = exact(line["base"]) * sign * (1 if field == "balance" else -1)
            customer[field] = plain(exact(customer.get(field)) + move)
            customer["_version"] += 1


def _invoice(records: Records, record: Json, before: Json | None) -> None:
    documents.complete_invoice(records, record, before)
    record["_impact"] = impact.of_document(records, record, sign=1)
    if before is None or before["_impact"] != record["_impact"]:
        record.update(amountPaid=0, amountRemaining=record["total"], _open_base=record["_impact"][0]["base"])


_PREPARED: Mapping[str, Callable[[Records, Json, Json | None], None]] = {
    "invoice": _invoice,
    "creditMemo": receipts.credit_memo,
    "customerPayment": receipts.payment,
    "customerDeposit": receipts.deposit,
    "depositApplication": receipts.application,
    "journalEntry": journals.complete,
}


def _posts(kind: str, record: Json) -> bool:
    if kind == "invoice":
        return bool(record["approvalStatus"]["id"] == documents.APPROVED)
    return bool(record.get("approved", True))


def used(record: Json) -> bool:
    """Whether something is applied to it, or it to something."""
    drawn = exact(record["payment"]) - exact(record["_free"]) if "_free" in record else ZERO
    return bool(drawn or exact(record.get("amountPaid")) or record.get("apply"))


_BOOKED = ("_impact", "_posting", "postingPeriod", "tranDate")


def _may_change(records: Records, kind: str, record: Json, before: Json | None) -> None:
    if before is not None and all(before.get(name) == record.get(name) for name in _BOOKED):
        period = records.get("accountingPeriod", record["postingPeriod"]["id"])
        if not period.get("allowNonGLChanges", True):
            _open(records, kind, before)
        return
    if before is not None and kind != "depositApplication" and used(before):
        raise user_error(f"The amounts of {before['tranId']} cannot be changed because it is linked to another transaction.")
    for version in (before, record):
        if version and version["_posting"]:
            _open(records, kind, version)


def _open(records: Records, kind: str, record: Json) -> None:
    receivable = heads.is_receivable(kind) or any(line["role"] == "receivable" for line in record["_impact"])
    periods.require_open(records, record["postingPeriod"]["id"], record["subsidiary"]["id"], receivable=receivable)


def _realized(records: Records, kind: str, record: Json, before: Json | None) -> list[Json]:
    """What an application that came or went later realized; NetSuite posts it by itself (a new source has it in its journal)."""
    came, went = applications.changes(record, before)
    gain = applications.gain(came) - applications.gain(went)
    if before is None or kind == "depositApplication" or not gain:
        return []
    day = max([record["tranDate"], *(line["applyDate"] for line in (*came, *went))])
    found = {
        "subsidiary": record["subsidiary"],
        "currency": heads.base_currency(records, record),
        "exchangeRate": 1,
        "tranDate": day,
        # On the later of both dates, or in the first period from there that is open.
        "postingPeriod": {"id": periods.first_open(records, day, record["subsidiary"]["id"])["id"]},
        "memo": f"Realized gain/loss of {before['tranId']}",
        "_posting": True,
    }
    account = (record.get("arAcct") or record["account"])["id"]
    party = record.get("customer") or record["entity"]
    return [{**found, "_impact": impact.of_exchange(records, found, account, party, gain)}]
