"""Time and expenses on their way to an ERP as charges: claimed in batches of an account, posted once, taken back item by item."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

import asyncpg

from canonical.billable import Billable
from canonical.charge import ChargeBatch, TakenBack, ToCharge
from canonical.provenance import Entry, Origin
from ledger.audit import as_json
from ledger.billing.amounts import money
from ledger.billing.billable_rows import of_row
from ledger.billing.refusals import in_business_words
from ledger.database import Database

_TO_CHARGE = """
SELECT entity, region, service_from AS day, currency, count(*) AS items, sum(approved) AS amount FROM billables
WHERE charge_batch = '' AND state = 'open' AND kind IN ('time', 'expense') AND frozen_by = '' AND approved > 0
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
_BY_INDEX = "SET LOCAL enable_seqscan = off"  # a wave is a few thousand items among millions; see entries.py
_CLAIM = "SELECT * FROM claim_charge_batches($1, $2, $3, $4, $5, $6)"
_UNPOSTED = """
SELECT b.* FROM charge_batches c JOIN billables b ON b.charge_batch = c.reference AND b.charge_batch <> ''
WHERE c.system = $1 AND (c.state = 'claimed' OR c.state = 'refused' AND c.reference = ANY ($2))
ORDER BY c.claimed_at, c.reference, b.id
"""
_POSTED = """
UPDATE charge_batches SET state = 'posted', posted_at = business_now() WHERE reference = ANY ($1) AND state <> 'posted'
"""
_NAMED = """
UPDATE billables b SET charge_id = g.id FROM unnest($2::text[], $3::text[]) AS g(reference, id)
WHERE b.reference = g.reference AND b.charge_batch = $1
"""
_LOCK = "SELECT count(*) FROM (SELECT FROM billables WHERE charge_batch = $1 ORDER BY id FOR NO KEY UPDATE) t"
_REFUSED = "UPDATE charge_batches SET state = 'refused' WHERE reference = $1 AND state = 'claimed'"
# Until it is reversed there nobody bills it.
_ASK = """
WITH asked AS (
    INSERT INTO charge_reversals (item, version, system, batch, reason, revised)
    SELECT g.item, g.version, c.system, c.reference, g.reason, g.revised
    FROM jsonb_to_recordset($1) AS g(item text, version text, reason text, revised jsonb)
    JOIN billables b ON b.reference = g.item JOIN charge_batches c ON c.reference = b.charge_batch
    ORDER BY g.item, g.version ON CONFLICT DO NOTHING RETURNING item, reason
), held AS (
    UPDATE billables b SET state = 'held', hold_code = 'CHARGE_TAKEN_BACK', hold_note = a.reason
    FROM (SELECT item, min(reason) AS reason FROM asked GROUP BY item) a
    WHERE b.reference = a.item AND b.state = 'open' AND b.billed = b.credited
)
SELECT count(*) FROM asked
"""
_ASKED = "SELECT * FROM charge_reversals WHERE system = $1 AND state <> 'settled' ORDER BY asked_at, item, version LIMIT $2"
# What was taken back meanwhile has no charge that could say anything.
_REVISIONS = """
FROM charge_revisions r JOIN billables b ON b.reference = r.item AND b.rate_version = r.rate_version
JOIN charge_batches c ON c.reference = b.charge_batch AND b.charge_batch <> '' AND c.state = 'posted'
WHERE r.state = 'asked' AND b.state <> 'withdrawn'
"""
_TO_REVISE = f"SELECT b.* {_REVISIONS} AND r.system = $1 ORDER BY r.asked_at, b.reference LIMIT $2"
_REVISED = "UPDATE charge_revisions SET state = 'settled' WHERE item = $1"
_SYSTEMS = f"""
SELECT system FROM charge_batches WHERE state = 'claimed' UNION SELECT system FROM charge_reversals WHERE state <> 'settled'
UNION SELECT r.system {_REVISIONS}
"""


class Charges:
    """What is posted item by item. A charge says what was done; what is owed is said by invoices, which post to accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self) -> Sequence[ToCharge]:
        """What no batch has claimed yet, by what decides where it goes."""
        return [_to_charge(row) for row in await self._database.rows(_TO_CHARGE)]

    async def systems(self) -> Sequence[str]:
        """The accounts that have batches to finish, or charges to take back or to change."""
        return sorted(row["system"] for row in await self._database.rows(_SYSTEMS))

    async def claim(
        self, system: str, entity: str, scopes: Sequence[tuple[str, date]], *, size: int, most: int
    ) -> Sequence[ChargeBatch]:
        """The next batches of an entity, of these regions and days, the oldest first; who posts at the same time gets others."""
        with in_business_words(f"Charges of {entity} for {system}"):
            async with self._database.transaction() as connection:
                regions, days = [region for region, _ in scopes], [day for _, day in scopes]
                await connection.execute(_BY_INDEX)
                rows = await connection.fetch(_CLAIM, system, entity, regions, days, size, most)
        return _batches(rows)

    async def unposted(self, system: str, again: Sequence[str] = ()) -> Sequence[ChargeBatch]:
        """Batches that were claimed and not posted, and of those that were refused the ones named."""
        return _batches(await self._database.rows(_UNPOSTED, system, list(again)))

    async def posted(self, batch: str, ids: Mapping[str, str]) -> None:
        """The batch stands there; what its charges are called, where the ERP says so at once."""
        if not ids:
            await self._database.execute(_POSTED, [batch])
            return
        async with self._database.transaction() as connection:
            await connection.fetchval(_LOCK, batch)
            await connection.execute(_NAMED, batch, list(ids), list(ids.values()))
            await connection.execute(_POSTED, [batch])

    async def renamed(self, ids: Mapping[str, str]) -> None:
        """Charges that were lost there were posted again and are called otherwise now."""
        await self._database.execute(
            "UPDATE billables b SET charge_id = g.id FROM unnest($1::text[], $2::text[]) AS g(reference, id)"
            " WHERE b.reference = g.reference AND b.charge_batch <> ''",
            list(ids),
            list(ids.values()),
        )

    async def refused(self, batch: str) -> None:
        """A part of it was refused: it is posted again when a person says so."""
        await self._database.execute(_REFUSED, batch)

    async def ask_back(self, wanted: Sequence[TakenBack]) -> int:
        """These charges are to be taken back; one that was asked for is not asked for again. Answers how many are new."""
        asked = [one.model_dump(mode="json", include={"item", "version", "reason", "revised"}) for one in wanted]
        new: int = await self._database.value(_ASK, asked) if asked else 0
        return new

    async def to_take_back(self, system: str, *, most: int = 1_000) -> Sequence[TakenBack]:
        """What is to be reversed at an account, the oldest first."""
        return [_taken_back(row) for row in await self._database.rows(_ASKED, system, most)]

    async def taken_back(self, one: TakenBack, *, origin: Origin) -> None:
        """It is reversed there: the item is withdrawn, or free for what it is to be instead."""
        async with self._database.transaction() as connection:
            await connection.execute("SELECT take_back_charge($1, $2)", one.item, one.version)
            await connection.execute("SELECT audit_note($1)", as_json([_entry(one, origin)]))

    async def settled(self, one: TakenBack) -> None:
        """What it is to be instead has come in."""
        await self._database.execute(
            "UPDATE charge_reversals SET state = 'settled' WHERE item = $1 AND version = $2", one.item, one.version
        )

    async def to_revise(self, system: str, *, most: int = 1_000) -> Sequence[Billable]:
        """Items that were rated anew since they were posted to an account, the oldest first."""
        return [of_row(row) for row in await self._database.rows(_TO_REVISE, system, most)]

    async def revised(self, item: str) -> None:
        """Its charge says what the item is now."""
        await self._database.execute(_REVISED, item)


def _batches(rows: Sequence[asyncpg.Record]) -> list[ChargeBatch]:
    parts = groupby(rows, lambda row: str(row["charge_batch"]))
    return [ChargeBatch(reference=name, items=tuple(map(of_row, of))) for name, of in parts]


def _to_charge(row: asyncpg.Record) -> ToCharge:
    return ToCharge(entity=row["entity"], region=row["region"], day=row["day"], items=row["items"], amount=money(row, "amount"))


def _taken_back(row: asyncpg.Record) -> TakenBack:
    revised = Billable.model_validate(row["revised"]) if row["revised"] else None
    return TakenBack(
        item=row["item"],
        version=row["version"],
        batch=row["batch"],
        reason=row["reason"],
        revised=revised,
        is_reversed=row["state"] == "reversed",
    )


def _entry(one: TakenBack, origin: Origin) -> Entry:
    return Entry(
        action="take_back_charge",
        origin=origin,
        system="handoff",
        kind="charge",
        source_id=one.item,
        key=f"{one.item}/{one.version}",
        outcome="reversed",
        details={"batch": one.batch, "reason": one.reason},
    )
