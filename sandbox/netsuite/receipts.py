"""Money from customers: payments, deposits and deposits applied, and credit memos, which apply like money."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import applications, documents, heads, impact
from sandbox.netsuite.amounts import ZERO, exact, plain, rounded
from sandbox.netsuite.applications import Money
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import user_error

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records


def credit_memo(records: Records, record: Json, before: Json | None) -> None:
    """A document whose total can be applied."""
    documents.complete(records, record, before)
    gain = _applied(records, record, before, exact(record["total"]), party="entity")
    record.update(amountPaid=record["applied"], amountRemaining=record["unapplied"])
    record["_impact"] = impact.of_document(records, record, sign=-1, gain=gain)


def payment(records: Records, record: Json, before: Json | None) -> None:
    """Money that can be applied at once, later, in part or not at all."""
    _received(records, record, before)
    heads.receivable(records, record, "arAcct")
    gain = _applied(records, record, before, exact(record["payment"]), party="customer")
    record["_impact"] = impact.of_payment(records, record, gain=gain)


def deposit(records: Records, record: Json, before: Json | None) -> None:
    """Money in advance; deposit applications draw on it."""
    _received(records, record, before)
    record["_impact"] = impact.of_deposit(records, record)
    changed = before is None or before["_impact"] != record["_impact"]
    if changed:
        record.update(_free=record["payment"], _free_base=record["_impact"][0]["base"])


def application(records: Records, record: Json, before: Json | None) -> None:
    """A part of a deposit, for one invoice or several."""
    if before and before["deposit"] != record["deposit"]:
        raise user_error("The deposit of a deposit application cannot be changed.")
    source = records.get("customerDeposit", record["deposit"]["id"])
    if source.get("_voided"):
        raise user_error(f"The deposit {source['tranId']} is void.")
    record.update({name: source[name] for name in ("customer", "subsidiary", "currency", "exchangeRate")})
    heads.complete(records, record, before, party="customer")
    heads.receivable(records, record, "arAcct")
    mine = (before or {}).get("apply", [])
    free = exact(source["_free"]) + applications.total_applied(before or {})
    base = exact(source["_free_base"]) + sum((exact(line["_source_base"]) for line in mine), ZERO)
    applications.applied(records, record, before, Money(free, base, _places(records, record)), party="customer")
    if not record["apply"]:
        raise user_error("Please enter value(s) for: Apply.")
    total = plain(applications.total_applied(record))
    record.update(total=total, applied=total, unapplied=0, depositDate=source["tranDate"])
    record["_impact"] = impact.of_application(records, record)


def draw(records: Records, record: Json, before: Json | None) -> None:
    """Tell the deposit what is left of it."""
    source = records.get("customerDeposit", record["deposit"]["id"])
    came, went = applications.changes(record, before)
    for sign, lines in ((1, went), (-1, came)):
        for line in lines:
            source["_free"] = plain(exact(source["_free"]) + sign * exact(line["amount"]))
            source["_free_base"] = plain(exact(source["_free_base"]) + sign * exact(line["_source_base"]))
    records.restated("customerDeposit", source)


def _received(records: Records, record: Json, before: Json | None) -> None:
    heads.complete(records, record, before, party="customer")
    record.setdefault("account", {"id": records.account("cash")})
    amount = rounded(exact(record["payment"]), heads.places(records, record["currency"]))
    if amount <= 0:
        raise user_error("Please enter value(s) for: Payment Amount.")
    record.update(payment=plain(amount), total=plain(amount))


def _applied(records: Records, record: Json, before: Json | None, total: Decimal, *, party: str) -> Decimal:
    """Apply it; the answer is what was realized by the applications that are saved together with it."""
    places = _places(records, record)
    money = Money(total, rounded(total * heads.rate_of(record), places), places)
    if before is None and record.get("autoApply") and not record.get("apply"):
        record["apply"] = applications.oldest(records, record, total, party=party)
    applications.applied(records, record, before, money, party=party)
    record.update(applied=plain(total - money.free), unapplied=plain(money.free), _free_base=plain(money.base))
    gain = exact(before["_gain"]) if before else applications.gain(record["apply"])
    record["_gain"] = plain(gain)
    return gain


def _places(records: Records, record: Json) -> int:
    return heads.places(records, heads.base_currency(records, record))
