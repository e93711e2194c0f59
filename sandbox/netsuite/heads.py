"""The head of a transaction: whose books, which currency at which rate, which day and period."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import periods
from sandbox.netsuite.amounts import exact
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import invalid_reference, user_error

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records

_RECEIVABLE = {"invoice", "creditMemo", "customerPayment", "customerDeposit", "depositApplication"}


def complete(records: Records, record: Json, before: Json | None, *, party: str | None) -> None:
    """Fill in what follows from the customer, the subsidiary and the date; refuse what does not fit together."""
    if party:
        _of_customer(records, record, party)
    base = base_currency(records, record)
    record.setdefault("currency", base)
    if record["currency"] == base:
        record["exchangeRate"] = 1
    elif record.get("exchangeRate") is None:
        record["exchangeRate"] = records.get("currency", record["currency"]["id"]).get("exchangeRate")
    if not exact(record.get("exchangeRate")) > 0:
        raise user_error("Please enter value(s) for: Exchange Rate.")
    _dated(records, record, before)


def _of_customer(records: Records, record: Json, party: str) -> None:
    customer = records.get("customer", record[party]["id"])
    record.setdefault("subsidiary", customer["subsidiary"])
    if record["subsidiary"]["id"] != customer["subsidiary"]["id"]:
        raise invalid_reference("subsidiary", record["subsidiary"]["id"])
    if customer.get("currency"):
        record.setdefault("currency", customer["currency"])


def _dated(records: Records, record: Json, before: Json | None) -> None:
    record.setdefault("tranDate", records.today())
    moved = before is not None and before["tranDate"] != record["tranDate"]
    if "postingPeriod" not in record or (moved and before and before["postingPeriod"] == record["postingPeriod"]):
        record["postingPeriod"] = {"id": periods.of_date(records, record["tranDate"])["id"]}
    period = records.get("accountingPeriod", record["postingPeriod"]["id"])
    if not period.get("isPosting", True):
        raise invalid_reference("postingPeriod", period["id"])
    inside = period["startDate"] <= record["tranDate"] <= period["endDate"]
    if not inside and records.setting("date_outside_period") == "disallow":
        raise user_error("The transaction date you specified is not within the date range of your accounting period.")


def receivable(records: Records, record: Json, field: str) -> None:
    """The account that the customer owes on: the account's own unless another of that type is given."""
    record.setdefault(field, {"id": records.account("receivable")})
    if records.get("account", record[field]["id"])["acctType"]["id"] != "AcctRec":
        raise invalid_reference(field, record[field]["id"])


def base_currency(records: Records, record: Json) -> Json:
    """The currency of the subsidiary's books."""
    found: Json = records.get("subsidiary", record["subsidiary"]["id"])["currency"]
    return found


def places(records: Records, currency: Json) -> int:
    """How many decimals amounts of a currency have."""
    return int((records.find("currency", currency["id"]) or {}).get("currencyPrecision", 2))


def rate_of(record: Json) -> Decimal:
    """Base currency for one unit of the transaction's."""
    return exact(record["exchangeRate"])


def is_receivable(kind: str) -> bool:
    """Whether a period that is locked for receivables refuses it."""
    return kind in _RECEIVABLE


def numbered(records: Records, kind: str, record: Json) -> None:
    """Give the document number, counted by subsidiary and type."""
    if record.get("tranId"):
        return
    subsidiary = records.get("subsidiary", record["subsidiary"]["id"])
    number = records.count(f"{kind}/{subsidiary['id']}")
    prefix = subsidiary.get("tranPrefix") or subsidiary["name"]
    record["tranId"] = f"{prefix}-{_PREFIXES[kind]}{number}"
    record["transactionNumber"] = f"{_PREFIXES[kind]}{record['id']}"


_PREFIXES = {
    "invoice": "INV",
    "creditMemo": "CM",
    "customerPayment": "PYMT",
    "customerDeposit": "DEP",
    "depositApplication": "DEPAPP",
    "journalEntry": "JE",
    "fxReval": "FX",
}
