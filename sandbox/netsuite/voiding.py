"""Voiding a posted transaction: a journal takes back what it did, on a day whose period is open, and applications come off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.netsuite import applications, bookkeeping, heads, periods, receipts
from sandbox.netsuite.amounts import ZERO, exact, plain
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import user_error
from sandbox.netsuite.status import status_of

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records


def void(records: Records, kind: str, record: Json, on: str) -> Json:
    """The voiding journal; refused where others applied to it, or where the period is closed."""
    linked = kind in {"invoice", "journalEntry", "customerDeposit"} and bookkeeping.used(record)
    if record.get("_voided") or record.get("void") or not record["_posting"] or linked:
        raise user_error(f"The transaction {record['tranId']} cannot be voided: it is void, not posted, or linked to others.")
    period = periods.of_date(records, on)
    receivable = heads.is_receivable(kind)
    periods.require_open(records, period["id"], record["subsidiary"]["id"], receivable=receivable)
    journal = _journal(records, record, on, period["id"])
    _taken_back(records, kind, record)
    record["reversal"] = {"id": journal["id"]}
    record["status"] = status_of(kind, record)
    records.changed(kind, record)
    return journal


def _taken_back(records: Records, kind: str, record: Json) -> None:
    before = dict(record)
    record.update(apply=[], _voided=True)
    applications.settle(records, [], before.get("apply", []))
    if kind == "depositApplication":
        receipts.draw(records, record, before)
    for name in ("applied", "unapplied", "amountRemaining", "_open_base", "_free_base", "_free"):
        if name in record:
            record[name] = 0


def _journal(records: Records, record: Json, on: str, period: str) -> Json:
    lines = _opposite(records, record)
    shown = {name: record[name] for name in ("subsidiary", "currency", "exchangeRate")}
    about = {"memo": f"VOID {record['tranId']}", "void": True, "createdFrom": {"id": record["id"]}, "approved": True}
    dated = {"tranDate": on, "postingPeriod": {"id": period}, "isReversal": True}
    journal = {**shown, **about, **dated, "line": _shown(lines), "_impact": lines, "_posting": True}
    made = records.add("journalEntry", journal)
    bookkeeping.balance(records, made, 1)
    return made


def _opposite(records: Records, record: Json) -> list[Json]:
    """What stands of it now: the receivable as its applications left it, the rest as it was posted, the exchange between them."""
    open_base = exact(record.get("_open_base")) - exact(record.get("_free_base") if "_free" not in record else 0)
    settled = sum((exact(line["_document_base"]) for line in record.get("apply", [])), ZERO)
    lines = []
    for line in record["_impact"]:
        base = open_base - settled if line["role"] == "receivable" else exact(line["base"])
        if line["role"] != "exchange":
            lines.append({**line, "foreign": plain(-exact(line["foreign"])), "base": plain(-base)})
    left = sum((exact(line["base"]) for line in lines), ZERO)
    if left:
        number = max(line["line"] for line in lines) + 1
        account = records.account("exchange")
        lines.append({"line": number, "role": "exchange", "account": account, "foreign": 0, "base": plain(-left)})
    return lines


def _shown(lines: list[Json]) -> list[Json]:
    found = []
    for number, line in enumerate((line for line in lines if line["foreign"]), 1):
        side = "debit" if line["foreign"] > 0 else "credit"
        entity = {"entity": line["entity"]} if line.get("entity") else {}
        found.append({"line": number, "account": {"id": line["account"]}, side: abs(line["foreign"]), **entity})
    return found
