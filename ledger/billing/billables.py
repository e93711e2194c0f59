"""Items one by one and by name: read, held for a reason, released, withdrawn, and frozen for an amendment."""

from collections.abc import Sequence

import asyncpg

from canonical.billing_view import Frozen, ItemState
from canonical.intake import Intake, JudgedItem, Judgement
from canonical.provenance import Entry, Origin
from ledger.audit import as_json
from ledger.billing.amounts import money
from ledger.billing.billable_rows import balance_of, of_row
from ledger.billing.refusals import in_business_words
from ledger.database import Database

# With whatever tells the same work, since a release says something of both.
_LOCK = """
SELECT count(*) FROM (
    SELECT FROM billables WHERE id IN (
        SELECT id FROM billables WHERE reference = ANY ($1)
        UNION SELECT t.id FROM billables b JOIN billables t ON t.content = b.content AND t.state <> 'withdrawn'
        WHERE b.reference = ANY ($1) AND b.hold_code = 'DUPLICATE_ENTRY'
    ) ORDER BY id FOR NO KEY UPDATE) t
"""
_HOLD = """
UPDATE billables SET state = 'held', hold_code = $2, hold_note = $3 WHERE reference = ANY ($1) AND state <> 'withdrawn'
AND hold_code NOT IN ('APPROVAL_WITHDRAWN', 'CHANGED_AFTER_BILLING')
RETURNING reference
"""
# A person who releases a suspected duplicate says that it is work of its own, and so is what it was held for.
_RELEASE = """
WITH released AS (
    UPDATE billables b
    SET state = 'open', is_cleared = b.is_cleared OR b.hold_code = 'DUPLICATE_ENTRY', hold_code = '', hold_note = ''
    FROM billables was WHERE was.id = b.id AND b.reference = ANY ($1) AND b.state = 'held'
    RETURNING b.reference, b.content, was.hold_code AS code
), cleared AS (
    UPDATE billables t SET is_cleared = true FROM released r
    WHERE r.code = 'DUPLICATE_ENTRY' AND t.content = r.content AND t.state = 'open' AND NOT t.reference = ANY ($1)
)
SELECT reference FROM released
"""
_SETTLE = """
UPDATE billables SET source_version = $2,
       state = CASE hold_code WHEN 'CHANGED_AFTER_BILLING' THEN 'open' ELSE state END,
       hold_note = CASE hold_code WHEN 'CHANGED_AFTER_BILLING' THEN '' ELSE hold_note END,
       hold_code = CASE hold_code WHEN 'CHANGED_AFTER_BILLING' THEN '' ELSE hold_code END
WHERE reference = $1 AND source_version COLLATE "C" < $2 COLLATE "C"
"""
_HELD_UNDER = """
SELECT reference FROM billables
WHERE state = 'held' AND hold_code = $1 AND ($2 = '' OR contract = $2) AND ($3 = '' OR hold_note = $3) ORDER BY id
"""


class Billables:
    """The items of the ledger. What moves their counters are documents (Claims, Documents, Credits)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, references: Sequence[str]) -> Sequence[ItemState]:
        """These items as they stand, in the order of their names; one that is not known, or was only withdrawn, is left out."""
        rows = await self._database.rows(
            "SELECT * FROM billables WHERE reference = ANY ($1) AND service_from IS NOT NULL ORDER BY reference", list(references)
        )
        return [_item_state(row) for row in rows]

    async def open_of(self, contract: str, *, limit: int = 10_000, after: str = "") -> Sequence[ItemState]:
        """What may be billed of a contract, in the order of names, a page at a time."""
        rows = await self._database.rows(
            "SELECT * FROM billables WHERE contract = $1 AND state = 'open' AND frozen_by = ''"
            " AND billed - credited + closed < approved AND reference > $2 ORDER BY reference LIMIT $3",
            contract,
            after,
            limit,
        )
        return [_item_state(row) for row in rows]

    async def hold(self, references: Sequence[str], code: str, note: str, *, origin: Origin) -> int:
        """Keep them from being billed, under the code of their exception; answers how many."""
        return await self._changed("hold_billables", _HOLD, references, origin, code, note)

    async def release(self, references: Sequence[str], *, origin: Origin) -> int:
        """Let them be billed; answers how many were held."""
        return await self._changed("release_billables", _RELEASE, references, origin)

    async def held_under(self, code: str, *, contract: str = "", note: str = "") -> Sequence[str]:
        """The items that wait under a code."""
        return [row["reference"] for row in await self._database.rows(_HELD_UNDER, code, contract, note)]

    async def withdraw(self, items: Sequence[tuple[str, str, str]], reason: str, *, origin: Origin) -> Intake:
        """Approval was taken back of these (reference, source, source version): they are not billed, even when they come later
        in an older version. What is billed or exported stays, and is named for the process to decide."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(
                "SELECT * FROM withdraw_billables($1, $2, $3, $4)",
                [name for name, _, _ in items],
                [source for _, source, _ in items],
                [version for _, _, version in items],
                reason,
            )
            judged = [_withdrawn(row) for row in rows]
            counts = {one: sum(item.judgement is one for item in judged) for one in {item.judgement for item in judged}}
            noted = _entry("withdraw_billables", origin, {one.value: str(count) for one, count in sorted(counts.items())})
            await connection.execute("SELECT audit_note($1)", noted)
        named = tuple(one for one in judged if one.judgement in (Judgement.AFTER_BILLING, Judgement.AFTER_EXPORT))
        return Intake(counts=counts, items=named)

    async def settle_change(self, reference: str, version: str) -> None:
        """What came after billing was decided (a delta, a credit): its version is known from now on and asks nobody again."""
        await self._database.execute(_SETTLE, reference, version)

    async def freeze(self, key: str, contract: str, *, line: str = "", origin: Origin) -> Sequence[Frozen]:
        """An amendment holds what is open of a contract or line, and what comes meanwhile; waits for a run that holds it."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch("SELECT * FROM freeze_billables($1, $2, $3)", key, contract, line)
            frozen = [_frozen(row) for row in rows]
            said = {f"{one.line} {one.kind}": str(one.amount) for one in frozen}
            await connection.execute("SELECT audit_note($1)", _entry("freeze_billables", origin, said, key))
        return frozen

    async def unfreeze(self, key: str, *, origin: Origin) -> int:
        """The amendment is through, or withdrawn; answers how many items are free again."""
        async with self._database.transaction() as connection:
            freed: int = await connection.fetchval("SELECT unfreeze_billables($1)", key)
            await connection.execute("SELECT audit_note($1)", _entry("unfreeze_billables", origin, {"items": str(freed)}, key))
        return freed

    async def _changed(self, action: str, statement: str, references: Sequence[str], origin: Origin, *words: str) -> int:
        with in_business_words(action):
            async with self._database.transaction() as connection:
                await connection.fetchval(_LOCK, list(references))
                changed = await connection.fetch(statement, list(references), *words)
                said = {"items": str(len(changed)), "reason": " ".join(words)}
                await connection.execute("SELECT audit_note($1)", _entry(action, origin, said))
        return len(changed)


def _item_state(row: asyncpg.Record) -> ItemState:
    plain = {name: row[name] for name in ("state", "hold_code", "hold_note", "frozen_by", "charge_id")}
    return ItemState(item=of_row(row), balance=balance_of(row), **plain)


def _withdrawn(row: asyncpg.Record) -> JudgedItem:
    was = money(row, "amount") if row["currency"] else None
    return JudgedItem(reference=row["reference"], judgement=Judgement(row["outcome"]), contract=row["contract"], was=was)


def _frozen(row: asyncpg.Record) -> Frozen:
    amount = money(row, "amount")
    return Frozen(line=row["line"], kind=row["kind"], items=row["items"], amount=amount)


def _entry(action: str, origin: Origin, details: dict[str, str], key: str = "") -> object:
    return as_json(
        [Entry(action=action, origin=origin, system="handoff", kind="billables", key=key, outcome="done", details=details)]
    )
