"""The books as a person reads them: the trial balance of a subsidiary, what a transaction posted, and the open receivables."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite.amounts import ZERO, exact
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.transactions import POSTING, TYPES

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records


def posted(records: Records, *, subsidiary: str | None = None, until: str | None = None) -> Iterator[tuple[str, Json]]:
    """Every posted transaction with its type, of a subsidiary and up to a day (inclusive)."""
    for kind in POSTING:
        for record in records.all(kind).values():
            mine = subsidiary is None or record["subsidiary"]["id"] == subsidiary
            if mine and record["_posting"] and (until is None or record["tranDate"] <= until):
                yield kind, record


def trial_balance(records: Records, *, subsidiary: str | None = None, until: str | None = None) -> Json:
    """Debits, credits and balance of each account in base currency, by account number."""
    sides: dict[str, list[Decimal]] = {}
    for _, record in posted(records, subsidiary=subsidiary, until=until):
        for line in record["_impact"]:
            amount = exact(line["base"])
            both = sides.setdefault(line["account"], [ZERO, ZERO])
            both[0 if amount > 0 else 1] += abs(amount)
    accounts = {records.get("account", key).get("acctNumber", key): both for key, both in sides.items()}
    debits, credits = (sum((both[side] for both in sides.values()), ZERO) for side in (0, 1))
    shown = {
        number: {"debit": _words(both[0]), "credit": _words(both[1]), "balance": _words(both[0] - both[1])}
        for number, both in sorted(accounts.items())
    }
    open_documents = {"open_documents": _words(open_receivables(records, subsidiary=subsidiary))} if until is None else {}
    return {
        "accounts": shown,
        "debits": _words(debits),
        "credits": _words(credits),
        "balanced": debits == credits,
        **open_documents,
    }


def open_receivables(records: Records, *, subsidiary: str | None = None) -> Decimal:
    """What customers owe in base currency: open documents less what they have as credit."""
    total = ZERO
    for kind, record in posted(records, subsidiary=subsidiary):
        free = ZERO if kind == "customerDeposit" else exact(record.get("_free_base"))
        total += exact(record.get("_open_base")) - free
    return total


def journal(records: Records, kind: str, record: Json) -> Json:
    """What one transaction posted, line by line."""
    lines = [
        {
            "account": records.get("account", line["account"]).get("acctNumber", line["account"]),
            "debit" if line["base"] > 0 else "credit": _words(abs(exact(line["base"]))),
            "foreign": _words(exact(line["foreign"])),
            "role": line["role"],
        }
        for line in record["_impact"]
    ]
    currency = records.get("currency", record["currency"]["id"])["symbol"]
    about = {"type": TYPES[kind], "tranId": record["tranId"], "tranDate": record["tranDate"], "posting": record["_posting"]}
    return {"id": record["id"], **about, "externalId": record.get("externalId"), "currency": currency, "lines": lines}


def _words(amount: Decimal) -> str:
    return f"{amount:.2f}"
