"""Parts of posted invoices that customers contest: collections skip them, exposure shows them, settling ends them (R72, S16)."""

from collections.abc import Sequence

import asyncpg

from canonical.errors import Malformed, MoveRefused, NotFound
from canonical.money import Money
from canonical.provenance import Entry, Origin
from canonical.receivable import Dispute
from ledger.audit import as_json
from ledger.billing.amounts import money, money_or_none, plain
from ledger.database import Connection, Database

_SELECT = """
SELECT x.*, d.number, d.contract, d.entity, d.customer FROM disputes x JOIN billing_documents d ON d.reference = x.document
"""
_OPEN = """
INSERT INTO disputes (key, document, amount, currency, reason, item, line, opened_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (key) DO UPDATE SET amount = excluded.amount, reason = excluded.reason WHERE disputes.settled_at IS NULL
RETURNING key
"""
_SETTLE = """
UPDATE disputes SET settled_at = business_now(), settled_by = $2, conceded = $3, outcome = $4
WHERE key = $1 AND settled_at IS NULL RETURNING key
"""
_CONTESTABLE = ("posted", "partly_paid", "paid", "credited")


class Disputes:
    """A dispute has a key that people name it by; the same key again changes what is disputed, until it is settled."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(
        self, key: str, document: str, amount: Money, reason: str, *, item: str = "", line: int | None = None, origin: Origin
    ) -> Dispute:
        """Record it; no more than what is open of the invoice can be disputed, all its disputes taken together."""
        async with self._database.transaction() as connection:
            await _require_contestable(connection, key, document, amount)
            values = (key, document, amount.amount, amount.currency, reason, item, line, origin.actor)
            if await connection.fetchval(_OPEN, *values) is None:
                raise MoveRefused(f"Dispute {key} is settled already.", remedy="Open another dispute under a name of its own.")
            await _note(connection, "open_dispute", key, origin, document=document, amount=str(amount), reason=reason)
        return await self.read(key)

    async def settle(self, key: str, conceded: Money, outcome: str, *, origin: Origin) -> Dispute:
        """It is resolved: ``conceded`` is the customer's share, the rest is owed again; the same again changes nothing."""
        async with self._database.transaction() as connection:
            settled = await connection.fetchval(_SETTLE, key, origin.actor, conceded.amount, outcome)
            if settled:
                await _note(connection, "settle_dispute", key, origin, conceded=str(conceded), outcome=outcome)
        found = await self.read(key)
        if not settled and found.conceded != conceded:
            raise MoveRefused(
                f"Dispute {key} was settled with {found.conceded} for the customer.",
                remedy="What was settled is not settled anew.",
            )
        return found

    async def read(self, key: str) -> Dispute:
        """One dispute."""
        row = await self._database.row(_SELECT + " WHERE x.key = $1", key)
        if row is None:
            raise NotFound(f"There is no dispute {key}.", remedy="See `handoff dispute list`.")
        return _dispute(row)

    async def list(self, *, customer: str = "", document: str = "", with_settled: bool = False) -> Sequence[Dispute]:
        """Disputes, the oldest first."""
        where = " WHERE ($1 = '' OR d.customer = $1) AND ($2 = '' OR x.document = $2) AND ($3 OR x.settled_at IS NULL)"
        rows = await self._database.rows(_SELECT + where + " ORDER BY x.opened_at, x.key", customer, document, with_settled)
        return [_dispute(row) for row in rows]


async def _require_contestable(connection: Connection, key: str, document: str, amount: Money) -> None:
    row = await connection.fetchrow(
        "SELECT state, kind, currency, open_amount, (SELECT coalesce(sum(amount), 0) FROM disputes x WHERE x.document = reference"
        " AND x.settled_at IS NULL AND x.key <> $2) AS disputed FROM billing_documents WHERE reference = $1 FOR NO KEY UPDATE",
        document,
        key,
    )
    if row is None or row["kind"] != "invoice":
        raise NotFound(
            f"There is no invoice {document} to dispute.", remedy="Take its name from `handoff billing show CONTRACT`."
        )
    if row["state"] not in _CONTESTABLE:
        raise MoveRefused(
            f"Invoice {document} is {row['state']}, not posted.", remedy="Withdraw it, or correct it before release."
        )
    if amount.currency != row["currency"] or amount.amount <= 0:
        raise Malformed(f"amount: {amount} cannot be disputed of it.", remedy=f"Give an amount above zero in {row['currency']}.")
    left = plain(row["open_amount"] - row["disputed"])
    if amount.amount > left:
        raise Malformed(
            f"amount: {amount} is more than the {left} {row['currency']} of {document} that are open and not disputed yet.",
            remedy="Dispute at most that; what is paid already is credited (`handoff credit`).",
        )


async def _note(connection: Connection, action: str, key: str, origin: Origin, **details: str) -> None:
    entry = Entry(
        action=action, origin=origin, system="handoff", kind="dispute", source_id=key, key=f"{action}/{key}", outcome="done",
        details=details,
    )  # fmt: skip
    await connection.execute("SELECT audit_note($1)", as_json([entry]))


def _dispute(row: asyncpg.Record) -> Dispute:
    names = set(Dispute.model_fields) - {"amount", "conceded"}
    fields = {name: row[name] for name in names}
    return Dispute(**fields, amount=money(row, "amount"), conceded=money_or_none(row, "conceded"))
