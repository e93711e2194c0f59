"""Invoices and credit memos: the amounts of their lines, their tax, their totals and where they stand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import heads
from sandbox.netsuite.amounts import ZERO, exact, plain, rounded, spread
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import invalid_reference, user_error

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records

PENDING, APPROVED, REJECTED = "1", "2", "3"


def complete(records: Records, record: Json, before: Json | None) -> None:
    """Everything that the lines, the tax and the head of a document say together."""
    heads.complete(records, record, before, party="entity")
    heads.receivable(records, record, "account")
    if not record.get("item"):
        raise user_error("Please enter value(s) for: Items.")
    decimals = heads.places(records, record["currency"])
    record["item"] = [_line(line, decimals) for line in record["item"]]
    _taxed(records, record, decimals)
    net = sum((exact(line["amount"]) for line in record["item"]), ZERO)
    tax = sum((exact(share["amount"]) for share in record["_taxes"]), ZERO)
    record.update(subtotal=plain(net), taxTotal=plain(tax), total=plain(net + tax))
    if net + tax < 0:
        raise user_error("The total of a transaction cannot be negative.")


def complete_invoice(records: Records, record: Json, before: Json | None) -> None:
    """An invoice also has a due date and an approval."""
    complete(records, record, before)
    terms = records.find("term", record["terms"]["id"]) if record.get("terms") else None
    days = int(terms.get("daysUntilNetDue", 0)) if terms else 0
    if "dueDate" not in record:
        record["dueDate"] = (date.fromisoformat(record["tranDate"]) + timedelta(days=days)).isoformat()
    routed = PENDING if records.setting("invoice_approval") else APPROVED
    record.setdefault("approvalStatus", {"id": routed})
    now, then = (before or record)["approvalStatus"]["id"], record["approvalStatus"]["id"]
    if before and now != then and now != PENDING:
        raise user_error("The approval status of this transaction can no longer be changed.")
    if before is None and then == REJECTED:
        raise user_error("A new transaction cannot be rejected.")


def standing(record: Json) -> str:
    """The status of an invoice, from its approval and what is still open of it."""
    if record.get("_voided"):
        return "V"
    approval = record["approvalStatus"]["id"]
    if approval != APPROVED:
        return "D" if approval == PENDING else "E"
    return "A" if exact(record["amountRemaining"]) > 0 else "B"


def _line(line: Json, decimals: int) -> Json:
    """The amount wins over quantity and rate; it is rounded here, line by line."""
    quantity = exact(line.get("quantity", 1))
    amount = exact(line["amount"]) if line.get("amount") is not None else quantity * exact(line.get("rate"))
    shown = rounded(amount, decimals)
    rate = line.get("rate") if line.get("rate") is not None else plain(shown / quantity if quantity else shown)
    found = {**line, "quantity": plain(quantity), "rate": rate, "amount": plain(shown)}
    found.setdefault("taxDetailsReference", str(line["line"]))
    return found


def _taxed(records: Records, record: Json, decimals: int) -> None:
    shares = _overridden(record, decimals) if record.get("taxDetailsOverride") else _computed(records, record, decimals)
    record["_taxes"] = [share for share in shares if share["amount"] or share["code"]]
    by_line: dict[int, Decimal] = {}
    for share in record["_taxes"]:
        by_line[share["line"]] = by_line.get(share["line"], ZERO) + exact(share["amount"])
    for line in record["item"]:
        tax = by_line.get(line["line"], ZERO)
        line.update(tax1Amt=plain(tax), grossAmt=plain(exact(line["amount"]) + tax))


def _overridden(record: Json, decimals: int) -> list[Json]:
    """SuiteTax override: the amounts that the caller gives are the tax, whatever the codes would make of the lines."""
    lines = {line["taxDetailsReference"]: line["line"] for line in record["item"]}
    found = []
    for detail in record.get("taxDetails", []):
        reference = detail["taxDetailsReference"]["id"]
        if reference not in lines:
            raise invalid_reference("taxDetails.taxDetailsReference", reference)
        amount = rounded(exact(detail["taxAmount"]), decimals)
        code = (detail.get("taxCode") or {}).get("id")
        found.append({"line": lines[reference], "code": code, "amount": plain(amount)})
    return found


def _computed(records: Records, record: Json, decimals: int) -> list[Json]:
    found: list[Json] = []
    for code in dict.fromkeys(line["taxCode"]["id"] for line in record["item"] if line.get("taxCode")):
        rate = exact(records.get("salesTaxItem", code)["rate"]) / 100
        lines = [line for line in record["item"] if line.get("taxCode", {}).get("id") == code]
        taxes = _shares([exact(line["amount"]) * rate for line in lines], decimals, records.setting("tax_rounding"))
        for line, tax in zip(lines, taxes, strict=True):
            line["taxRate1"] = plain(rate * 100)
            found.append({"line": line["line"], "code": code, "amount": plain(tax)})
    return found


def _shares(parts: list[Decimal], decimals: int, level: object) -> list[Decimal]:
    if level == "document":
        return spread(rounded(sum(parts, ZERO), decimals), parts, decimals)
    return [rounded(part, decimals) for part in parts]
