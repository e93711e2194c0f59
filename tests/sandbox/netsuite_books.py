"""The world of the tests of NetSuite's books: three subsidiaries, their customers, and one valid default of each document."""

from typing import Any

from sandbox.netsuite import VENDOR
from sandbox.netsuite.account import NetSuite
from sandbox.netsuite.trial_balance import journal, trial_balance

BOOKS: dict[str, Any] = {
    "currency": {
        "1": {"name": "US Dollar", "symbol": "USD"},
        "2": {"name": "Euro", "symbol": "EUR", "exchangeRate": 1.05},
        "3": {"name": "Yuan", "symbol": "CNY"},
    },
    "subsidiary": {
        "1": {"externalId": "US01", "name": "US01", "currency": {"id": "1"}},
        "2": {"externalId": "DE01", "name": "DE01", "currency": {"id": "2"}},
        "3": {"externalId": "CN01", "name": "CN01", "currency": {"id": "3"}},
    },
    "customer": {
        "17": {"entityId": "C-17", "companyName": "Acme", "isPerson": False, "subsidiary": {"id": "1"}},
        "18": {"entityId": "C-18", "companyName": "Acme GmbH", "isPerson": False, "subsidiary": {"id": "2"}},
        "19": {"entityId": "C-19", "companyName": "Acme China", "isPerson": False, "subsidiary": {"id": "3"}},
        "20": {"entityId": "C-20", "companyName": "Harbor", "isPerson": False, "subsidiary": {"id": "1"}},
    },
    "job": {"50": {"entityId": "P-50", "companyName": "Rollout", "parent": {"id": "17"}, "subsidiary": {"id": "1"}}},
}


def an_account(**settings: Any) -> NetSuite:
    """An account whose customers have no documents yet."""
    vendor = VENDOR()
    vendor.seed({"account": settings, **BOOKS})
    return vendor


def item(amount: Any, account: str = "4000", **more: Any) -> dict[str, Any]:
    """A line that posts to an account."""
    return {"item": {"externalId": f"ITEM-{account}"}, "amount": amount, **more}


def an_invoice(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of an invoice of June 2026."""
    return {"entity": {"id": "17"}, "tranDate": "2026-06-15", "item": {"items": list(lines) or [item(1000)]}, **more}


def apply(*documents: tuple[str, Any]) -> dict[str, Any]:
    """The sublist that applies amounts to documents."""
    return {"items": [{"doc": {"id": key}, "apply": True, "amount": amount} for key, amount in documents]}


def create(vendor: NetSuite, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """A record, as the record service makes it."""
    return vendor.records.create(kind, body, strict=True, invisible_seconds=None)


def change(vendor: NetSuite, kind: str, key: str, body: dict[str, Any], *replace: str) -> dict[str, Any]:
    """A changed record, as PATCH makes it."""
    return vendor.records.update(kind, key, body, strict=True, replace=frozenset(replace))


def postings(vendor: NetSuite, kind: str, record: dict[str, Any]) -> dict[str, str]:
    """What a transaction posted, by account number: debits are positive."""
    found: dict[str, str] = {}
    for line in journal(vendor.records, kind, record)["lines"]:
        assert line["account"] not in found, "add up first"
        found[line["account"]] = line["debit"] if "debit" in line else f"-{line['credit']}"
    return found


def balances(vendor: NetSuite, subsidiary: str | None = None) -> dict[str, str]:
    """The balance of each account that has one."""
    accounts = trial_balance(vendor.records, subsidiary=subsidiary)["accounts"]
    return {number: sides["balance"] for number, sides in accounts.items() if sides["balance"] not in {"0.00", "-0.00"}}
