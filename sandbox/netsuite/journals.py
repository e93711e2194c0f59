"""Journal entries: lines that must balance, and the reversal on a later day."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import heads, impact, periods
from sandbox.netsuite.amounts import ZERO, exact, plain, rounded
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import invalid_reference, user_error

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records


def complete(records: Records, record: Json, before: Json | None) -> None:
    """Check the lines; a line on a receivable is a document of its customer, which payments can be applied to."""
    heads.complete(records, record, before, party=None)
    record.setdefault("approved", True)
    record.setdefault("isReversal", False)
    decimals = heads.places(records, record["currency"])
    record["line"] = [_line(line, decimals) for line in record.get("line", [])]
    left = sum((_signed(line) for line in record["line"]), ZERO)
    if not record["line"]:
        raise user_error("Please enter value(s) for: Lines.")
    if left:
        raise user_error(f"Transaction was not in balance. Total = {plain(left)}")
    record["_impact"] = impact.of_journal(records, record)
    _receivable(records, record, before)
    if record.get("reversalDate") and record["approved"] and not record.get("reversalEntry"):
        _check_reversal(records, record)


def reverse(records: Records, record: Json) -> None:
    """Post the opposite on the reversal date."""
    lines = [_without_none({**line, "debit": line.get("credit"), "credit": line.get("debit")}) for line in record["line"]]
    copied: Json = {name: record[name] for name in ("subsidiary", "currency", "exchangeRate") if name in record}
    made = {**copied, "tranDate": record["reversalDate"], "memo": record.get("memo", ""), "line": lines, "isReversal": True}
    reversal = records.add("journalEntry", {**made, "createdFrom": {"id": record["id"]}})
    record["reversalEntry"] = reversal["tranId"]
    record["reversal"] = {"id": reversal["id"]}


def _line(line: Json, decimals: int) -> Json:
    found = {name: value for name, value in line.items() if name not in {"debit", "credit"}}
    sides: dict[str, Decimal] = {name: rounded(exact(line[name]), decimals) for name in ("debit", "credit") if line.get(name)}
    if len(sides) != 1 or any(amount <= 0 for amount in sides.values()):
        raise user_error("A journal line needs a debit or a credit, not both.")
    return found | {name: plain(amount) for name, amount in sides.items()}


def _signed(line: Json) -> Decimal:
    return exact(line.get("debit")) - exact(line.get("credit"))


def _receivable(records: Records, record: Json, before: Json | None) -> None:
    found = [line for line in record["_impact"] if line["role"] == "receivable"]
    if not found:
        return
    if len(found) > 1:
        raise user_error("A journal entry can have one line on an accounts receivable account only.")
    customer = _customer(records, found[0].get("entity"))
    found[0]["entity"] = customer
    if before is not None and before["_impact"] == record["_impact"]:
        return
    foreign, base = exact(found[0]["foreign"]), exact(found[0]["base"])
    record["_entity"] = customer
    for name in ("_open_base", "_free_base"):
        record.pop(name, None)
    if foreign > 0:
        record.update(_open_total=plain(foreign), amountRemaining=plain(foreign), amountPaid=0, _open_base=plain(base))
    else:
        record.update(_free_base=plain(-base), unapplied=plain(-foreign))


def _customer(records: Records, entity: Json | None) -> Json:
    if entity is None:
        raise user_error("Please enter value(s) for: Name. A line on an accounts receivable account needs a customer.")
    job = records.find("job", entity["id"])
    found = job["parent"] if job and job.get("parent") else entity
    if records.find("customer", found["id"]) is None:
        raise invalid_reference("entity", entity["id"])
    return {"id": found["id"]}


def _check_reversal(records: Records, record: Json) -> None:
    if record["reversalDate"] < record["tranDate"]:
        raise user_error("The reversal date cannot be before the date of the journal entry.")
    period = periods.of_date(records, record["reversalDate"])
    receivable = any(line["role"] == "receivable" for line in record["_impact"])
    periods.require_open(records, period["id"], record["subsidiary"]["id"], receivable=receivable)


def _without_none(line: Json) -> Json:
    return {name: value for name, value in line.items() if value is not None}
