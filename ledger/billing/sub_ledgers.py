"""Retainers, purchase orders and caps: what may be taken is answered by the database, under concurrency, once for each key."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import asyncpg

from canonical.errors import NotFound
from canonical.provenance import Entry, Origin
from canonical.sub_ledger import Move, SubLedger, SubLedgerKind, Taken, Want
from ledger.audit import as_json
from ledger.billing.amounts import money, money_or_none, plain
from ledger.billing.refusals import in_business_words
from ledger.database import Database

_OPEN = """
INSERT INTO sub_ledgers (kind, contract, name, currency, customer, ceiling, tolerance, agreed, threshold, expires_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (kind, contract, name) DO UPDATE SET customer = excluded.customer, ceiling = excluded.ceiling,
    tolerance = excluded.tolerance, agreed = excluded.agreed, threshold = excluded.threshold, expires_on = excluded.expires_on
"""
# What waited for room waits no longer; the next run finds out how much there is.
_FREE = """
UPDATE billables SET state = 'open', hold_code = '', hold_note = '' WHERE id IN (
    SELECT id FROM billables WHERE state = 'held' AND contract = $1 AND hold_code = $2 AND hold_note = $3
    ORDER BY id FOR NO KEY UPDATE)
"""
_CODES = {SubLedgerKind.PURCHASE_ORDER: "PO_EXHAUSTED", SubLedgerKind.CAP: "CAP_EXCEEDED"}
_TAKE = "SELECT * FROM take_from_sub_ledgers($1)"
_FUND = "SELECT * FROM fund_sub_ledger($1, $2, $3, $4, $5, $6, $7)"
_GIVE_BACK = "SELECT * FROM give_back_moves($1, $2, NULL)"


class SubLedgers:
    """An account that is not kept sets no limit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, account: SubLedger, *, origin: Origin) -> None:
        """Keep an account, or change its terms; its balance stays. A ceiling below what is used is refused."""
        terms = [None if money is None else money.amount for money in (account.ceiling, account.tolerance, account.agreed)]
        threshold = account.threshold.amount if account.threshold else Decimal(0)
        ceiling, tolerance, agreed = terms
        with in_business_words(f"{account.kind} {account.name} of {account.contract}"):
            async with self._database.transaction() as connection:
                await connection.execute(
                    _OPEN, account.kind.value, account.contract, account.name, account.currency, account.customer, ceiling,
                    tolerance or Decimal(0), agreed or Decimal(0), threshold, account.expires_on,
                )  # fmt: skip
                if code := _CODES.get(account.kind):
                    await connection.execute(_FREE, account.contract, code, account.name)
                await connection.execute("SELECT audit_note($1)", _entry("open_sub_ledger", account, origin))

    async def read(self, kind: SubLedgerKind, contract: str, name: str) -> SubLedger | None:
        """One account."""
        found = [one for one in await self.of(contract) if (one.kind, one.name) == (kind, name)]
        return found[0] if found else None

    async def of(self, contract: str) -> Sequence[SubLedger]:
        """The accounts of a contract."""
        rows = await self._database.rows("SELECT * FROM sub_ledgers WHERE contract = $1 ORDER BY kind, name", contract)
        return [_account(row) for row in rows]

    async def moves(self, kind: SubLedgerKind, contract: str, name: str) -> Sequence[Move]:
        """The moves of an account, in order."""
        rows = await self._database.rows(
            "SELECT m.*, s.currency FROM sub_ledger_moves m JOIN sub_ledgers s ON s.id = m.account"
            " WHERE (s.kind, s.contract, s.name) = ($1, $2, $3) ORDER BY m.id",
            kind.value,
            contract,
            name,
        )
        return [_move(row) for row in rows]

    async def take(self, wants: Sequence[Want]) -> Sequence[Taken]:
        """As much of each as is to be had, in order; what names no account that is kept is left out."""
        asked = [_asked(want) for want in wants]
        with in_business_words("A take"):
            return [_taken(row) for row in await self._database.rows(_TAKE, asked)]

    async def fund(self, want: Want, *, origin: Origin) -> Move:
        """Put money into a retainer (its signing, a top-up), once under its key."""
        account = (want.kind.value, want.contract, want.name)
        with in_business_words(f"Funding {want.kind} {want.name} of {want.contract}"):
            async with self._database.transaction() as connection:
                row = await connection.fetchrow(_FUND, *account, want.key, want.amount.amount, want.document, want.reason)
                if row is None:
                    raise NotFound(f"There is no {want.kind} {want.name} of {want.contract}.", remedy="Open the account first.")
                await connection.execute("SELECT audit_note($1)", _entry("fund_sub_ledger", want, origin))
        return _move({**row, "currency": want.amount.currency})

    async def give_back(self, document: str, *, by: str) -> dict[str, Decimal]:
        """Reverse what is left of a document's moves, once for each ``by``; answers the amounts by kind and name."""
        with in_business_words(f"Giving back what {document} took"):
            rows = await self._database.rows(_GIVE_BACK, document, by)
        return {f"{row['kind']}/{row['name']}": row["amount"] for row in rows}


def _asked(want: Want) -> dict[str, str]:
    return {
        "kind": want.kind.value,
        "contract": want.contract,
        "name": want.name,
        "key": want.key,
        "amount": str(want.amount.amount),
        "document": want.document,
        "did": want.reason,
    }


def _taken(row: asyncpg.Record) -> Taken:
    renamed = {"wanted": "wanted", "taken": "taken", "balance": "balance", "before": "balance_before", "agreed": "agreed"}
    amounts: dict[str, Any] = {ours: money(row, theirs) for ours, theirs in renamed.items()}
    named = {name: row[name] for name in ("contract", "name", "key", "is_new")}
    return Taken(kind=SubLedgerKind(row["kind"]), **named, **amounts, threshold=money(row, "threshold"))


def _account(row: asyncpg.Record) -> SubLedger:
    names = ("ceiling", "tolerance", "agreed", "threshold", "balance")
    amounts: dict[str, Any] = {name: money_or_none(row, name) for name in names}
    named = {name: row[name] for name in ("contract", "name", "customer", "currency", "expires_on")}
    return SubLedger(kind=SubLedgerKind(row["kind"]), **named, **amounts)


def _move(row: dict[str, Any] | asyncpg.Record) -> Move:
    return Move(
        key=row["key"],
        reason=row["did"],
        amount=money(row, "amount"),
        balance=money(row, "balance_after"),
        document=row["document"],
        taken_back=plain(row["taken_back"]),
    )


def _entry(action: str, about: SubLedger | Want, origin: Origin) -> object:
    said = {"name": about.name, "contract": about.contract}
    if isinstance(about, Want):
        said |= {"amount": str(about.amount), "key": about.key}
    entry = Entry(
        action=action, origin=origin, system="handoff", kind=about.kind.value, source_id=about.name, outcome="done", details=said
    )
    return as_json([entry])
