"""Applying money to documents: how much of a payment, credit memo or deposit settles how much of an invoice, in both currencies.

An application keeps what it took from each side in the base currency; the difference is the realized gain or loss on exchange.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import heads
from sandbox.netsuite.amounts import ZERO, exact, plain, rounded
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import invalid_reference, user_error
from sandbox.netsuite.transactions import TITLES, TYPES

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records


class Money:
    """What a source has left to apply, in its own currency and in the base currency."""

    def __init__(self, free: Decimal, base: Decimal, places: int) -> None:
        self.free, self.base, self._places = free, base, places

    def take(self, amount: Decimal) -> Decimal:
        """The share in base currency that goes with an amount; the last one takes what is left."""
        share = self.base if amount == self.free else rounded(self.base * amount / self.free, self._places)
        self.free, self.base = self.free - amount, self.base - share
        return share


def applied(records: Records, record: Json, before: Json | None, money: Money, *, party: str) -> None:
    """Check the lines of ``apply`` and give each its amounts; ``money`` is the whole source, as if nothing were applied."""
    old = {line["doc"]["id"]: line for line in (before or {}).get("apply", [])}
    wanted = [line for line in record.get("apply", []) if line.get("apply", True) and line.get("amount") != 0]
    same = [line for line in wanted if _is_same(line, old.get(line["doc"]["id"]))]
    kept = [old[line["doc"]["id"]] for line in same]
    for line in kept:
        money.free, money.base = money.free - exact(line["amount"]), money.base - exact(line["_source_base"])
    fresh = [_fresh(records, record, line, old.get(line["doc"]["id"]), money, party) for line in wanted if line not in same]
    record["apply"] = [*kept, *fresh]


def oldest(records: Records, record: Json, total: Decimal, *, party: str) -> list[Json]:
    """Auto Apply: the open invoices of the customer, those due first, as far as the money goes."""
    mine = (record[party], record["currency"], record["subsidiary"])
    found = [
        one
        for one in records.all("invoice").values()
        if (one["entity"], one["currency"], one["subsidiary"]) == mine and one["status"]["id"] == "A"
    ]
    lines = []
    for one in sorted(found, key=lambda one: (one["dueDate"], int(one["id"]))):
        amount = min(total, exact(one["amountRemaining"]))
        total -= amount
        if amount:
            lines.append({"doc": {"id": one["id"]}, "apply": True, "amount": plain(amount)})
    return lines


def _is_same(line: Json, old: Json | None) -> bool:
    return old is not None and line.get("amount") == old["amount"]


def _fresh(records: Records, record: Json, line: Json, old: Json | None, money: Money, party: str) -> Json:
    kind, doc = _document(records, record, line["doc"]["id"], party)
    back = (exact(old["amount"]), exact(old["_document_base"])) if old else (ZERO, ZERO)
    due = Money(
        exact(doc["amountRemaining"]) + back[0],
        exact(doc["_open_base"]) + back[1],
        heads.places(records, heads.base_currency(records, record)),
    )
    amount = min(due.free, money.free) if line.get("amount") is None else exact(line["amount"])
    amount = rounded(amount, heads.places(records, record["currency"]))
    if not 0 < amount <= due.free:
        raise user_error(f"You cannot apply {amount} to {doc['tranId']}: {due.free} of it is open.")
    if amount > money.free:
        raise user_error(f"You cannot apply {amount} to {doc['tranId']}: only {money.free} is left to apply.")
    shown = {"total": doc.get("total", doc.get("_open_total")), "due": plain(due.free), "applyDate": doc["tranDate"]}
    shown |= {"refNum": doc["tranId"], "type": TITLES[TYPES[kind]], "currency": _currency(records, doc)}
    taken = {"_document_base": plain(due.take(amount)), "_source_base": plain(money.take(amount))}
    return {"doc": {"id": doc["id"]}, "apply": True, "amount": plain(amount), **shown, **taken}


def _document(records: Records, record: Json, key: str, party: str) -> tuple[str, Json]:
    kind, doc = document(records, key)
    customer = (doc.get("entity") or doc.get("_entity") or {}).get("id")
    mine = (customer, doc["currency"]["id"], doc["subsidiary"]["id"])
    wanted = (record[party]["id"], record["currency"]["id"], record["subsidiary"]["id"])
    if mine != wanted or not doc.get("_posting") or doc.get("_voided") or "_open_base" not in doc:
        raise invalid_reference("apply.doc", key)
    return kind, doc


def document(records: Records, key: str) -> tuple[str, Json]:
    """The invoice or journal of that id."""
    for kind in ("invoice", "journalEntry"):
        found = records.find(kind, key)
        if found:
            return kind, found
    raise invalid_reference("apply.doc", key)


def _currency(records: Records, doc: Json) -> str:
    return records.named("currency", records.get("currency", doc["currency"]["id"]))


def total_applied(record: Json) -> Decimal:
    """The sum of the lines of ``apply``."""
    return sum((exact(line["amount"]) for line in record.get("apply", [])), ZERO)


def gain(lines: list[Json]) -> Decimal:
    """What applications realized: base currency taken from the source less what they settled; a loss is negative."""
    return sum((exact(line["_source_base"]) - exact(line["_document_base"]) for line in lines), ZERO)


def changes(record: Json, before: Json | None) -> tuple[list[Json], list[Json]]:
    """The applications that came, and those that went."""
    old, new = (before or {}).get("apply", []), record.get("apply", [])
    known = {line["doc"]["id"]: line for line in old}
    came = [line for line in new if not _is_same(line, known.get(line["doc"]["id"]))]
    now = {line["doc"]["id"]: line for line in new}
    went = [line for line in old if not _is_same(line, now.get(line["doc"]["id"]))]
    return came, went


def settle(records: Records, came: list[Json], went: list[Json]) -> None:
    """Let the documents know what is open of them now."""
    for sign, lines in ((1, went), (-1, came)):
        for line in lines:
            kind, doc = document(records, line["doc"]["id"])
            doc["amountRemaining"] = plain(exact(doc["amountRemaining"]) + sign * exact(line["amount"]))
            doc["amountPaid"] = plain(exact(doc.get("amountPaid")) - sign * exact(line["amount"]))
            doc["_open_base"] = plain(exact(doc["_open_base"]) + sign * exact(line["_document_base"]))
            records.restated(kind, doc)
