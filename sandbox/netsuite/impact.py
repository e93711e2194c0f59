"""What a transaction does to the general ledger: lines that balance, in its own currency and in that of the subsidiary's books.

A debit is positive. Line 0 is the main line; item lines keep the numbers they have on the document.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite import heads
from sandbox.netsuite.amounts import ZERO, exact, plain, rounded, spread
from sandbox.netsuite.bodies import Json

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records

_DIMENSIONS = ("class", "department", "location")


class Impact:
    """The lines of one transaction, while they are put together."""

    def __init__(self, records: Records, record: Json, entity: Json | None) -> None:
        self._records, self._record, self._entity = records, record, entity
        self.rate = heads.rate_of(record)
        self.places = heads.places(records, heads.base_currency(records, record))
        self.lines: list[Json] = []

    def base(self, amount: Decimal) -> Decimal:
        """An amount in the currency of the books."""
        return rounded(amount * self.rate, self.places)

    def add(self, role: str, account: str, foreign: Decimal, base: Decimal, *, number: int | None = None, **more: object) -> None:
        """One line; its number follows the highest one unless it is given."""
        given = max((line["line"] for line in self.lines), default=-1) + 1 if number is None else number
        dimensions = {name: self._record[name] for name in _DIMENSIONS if self._record.get(name)}
        entity = {"entity": self._entity} if self._entity else {}
        values = {"foreign": plain(foreign), "base": plain(base)}
        kept = {name: value for name, value in more.items() if value is not None}
        self.lines.append({"line": given, "role": role, "account": account, **values, **entity, **dimensions, **kept})

    def balanced(self) -> list[Json]:
        """The lines, with what rounding each of them left over on the account for that."""
        left = sum((exact(line["base"]) for line in self.lines), ZERO)
        if left:
            self.add("rounding", self._records.account("rounding"), ZERO, -left)
        return self.lines


def of_document(records: Records, record: Json, *, sign: int, gain: Decimal = ZERO) -> list[Json]:
    """An invoice (``sign`` 1) or a credit memo (-1): receivable against revenue and tax."""
    impact = Impact(records, record, record["entity"])
    total = exact(record["total"])
    impact.add("receivable", record["account"]["id"], sign * total, sign * impact.base(total) + gain)
    _items(records, record, impact, sign)
    _taxes(records, record, impact, sign)
    _exchange(records, impact, gain)
    return impact.balanced()


def _items(records: Records, record: Json, impact: Impact, sign: int) -> None:
    """Base amounts are rounded once for each account and spread over its lines, so that an account is not off by their cents."""
    accounts = {line["line"]: records.income_account(line["item"]["id"]) for line in record["item"]}
    bases: dict[int, Decimal] = {}
    for account in dict.fromkeys(accounts.values()):
        lines = [line for line in record["item"] if accounts[line["line"]] == account]
        parts = [exact(line["amount"]) * impact.rate for line in lines]
        shares = spread(rounded(sum(parts, ZERO), impact.places), parts, impact.places)
        bases |= {line["line"]: share for line, share in zip(lines, shares, strict=True)}
    for line in record["item"]:
        more = {name: value for name, value in line.items() if name in _DIMENSIONS or name.startswith("custcol")}
        more["entity"] = line.get("job") or record.get("job") or record["entity"]
        more |= {"item": line["item"], "quantity": plain(-sign * exact(line["quantity"])), "rate": line["rate"]}
        foreign, base = -sign * exact(line["amount"]), -sign * bases[line["line"]]
        impact.add("item", accounts[line["line"]], foreign, base, number=line["line"], memo=line.get("description"), **more)


def _taxes(records: Records, record: Json, impact: Impact, sign: int) -> None:
    for code in dict.fromkeys(share["code"] for share in record["_taxes"]):
        tax = sum((exact(share["amount"]) for share in record["_taxes"] if share["code"] == code), ZERO)
        found = records.find("salesTaxItem", code) if code else None
        account = (found or {}).get("taxAccount", {}).get("id") or records.account("tax")
        if tax:
            impact.add("tax", account, -sign * tax, -sign * impact.base(tax))


def _exchange(records: Records, impact: Impact, gain: Decimal) -> None:
    if gain:
        impact.add("exchange", records.account("exchange"), ZERO, -gain)


def of_payment(records: Records, record: Json, *, gain: Decimal = ZERO) -> list[Json]:
    """Money in, against the receivable; what is applied settles the receivable at the rate of its invoice."""
    impact = Impact(records, record, record["customer"])
    total = exact(record["payment"])
    impact.add("money", record["account"]["id"], total, impact.base(total))
    impact.add("receivable", record["arAcct"]["id"], -total, -impact.base(total) + gain)
    _exchange(records, impact, gain)
    return impact.balanced()


def of_deposit(records: Records, record: Json) -> list[Json]:
    """Money in, against what is owed to the customer until it is applied."""
    impact = Impact(records, record, record["customer"])
    total = exact(record["payment"])
    impact.add("money", record["account"]["id"], total, impact.base(total))
    impact.add("deposit", records.account("deposits"), -total, -impact.base(total))
    return impact.balanced()


def of_application(records: Records, record: Json) -> list[Json]:
    """A deposit at its rate, against receivables at theirs."""
    impact = Impact(records, record, record["customer"])
    total = exact(record["total"])
    taken = sum((exact(line["_source_base"]) for line in record["apply"]), ZERO)
    settled = sum((exact(line["_document_base"]) for line in record["apply"]), ZERO)
    impact.add("deposit", records.account("deposits"), total, taken)
    impact.add("receivable", record["arAcct"]["id"], -total, -settled)
    _exchange(records, impact, taken - settled)
    return impact.balanced()


def of_journal(records: Records, record: Json) -> list[Json]:
    """The lines as they were given."""
    impact = Impact(records, record, None)
    for number, line in enumerate(record["line"]):
        amount = exact(line.get("debit")) - exact(line.get("credit"))
        kind = records.get("account", line["account"]["id"])["acctType"]["id"]
        more = {
            name: value for name, value in line.items() if name in (*_DIMENSIONS, "entity", "memo") or name.startswith("custcol")
        }
        role = "receivable" if kind == "AcctRec" else "line"
        impact.add(role, line["account"]["id"], amount, impact.base(amount), number=number, **more)
    return impact.balanced()


def of_exchange(records: Records, record: Json, account: str, entity: Json, gain: Decimal) -> list[Json]:
    """What an application that came later realized."""
    impact = Impact(records, record, entity)
    impact.add("receivable", account, ZERO, gain)
    _exchange(records, impact, gain)
    return impact.lines
