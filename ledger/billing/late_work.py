"""Items whose period is closed: held under their code, and free again when it is reopened, by policy or by a person (S27)."""

from collections.abc import Sequence

import asyncpg

from canonical.late_work import LateItem
from canonical.period import Period
from canonical.provenance import Entry, Origin
from ledger.audit import as_json
from ledger.billing.amounts import money
from ledger.database import Connection, Database

_IN_AN_OPEN_PERIOD = """
EXISTS (SELECT FROM unnest($3::date[], $4::date[]) AS p(a, z) WHERE b.service_from >= p.a AND b.service_from < p.z)
"""
# What a person has let pass is not held again.
_LET_PASS = """
EXISTS (SELECT FROM cases c WHERE c.key = 'PERIOD_CLOSED/' || b.reference AND c.state = 'settled' AND c.decision = 'override')
"""
_SAYS = """b.reference, b.contract, b.customer, b.currency, b.service_from, b.description, b.role, b.quantity, b.unit,
          b.approved - b.billed + b.credited - b.closed AS amount"""
# Besides what is held now: what an attempt held that died before anybody was told.
_HOLD = f"""
WITH late AS (
    SELECT b.id FROM billables b
    WHERE b.entity = $1 AND ($2 = '' OR b.contract = $2) AND b.state = 'open' AND b.billed - b.credited + b.closed < b.approved
      AND b.kind IN ('time', 'expense', 'milestone', 'usage', 'rate_delta') AND NOT {_IN_AN_OPEN_PERIOD} AND NOT {_LET_PASS}
    ORDER BY b.id FOR NO KEY UPDATE
), held AS (
    UPDATE billables b SET state = 'held', hold_code = 'PERIOD_CLOSED', hold_note = '' FROM late WHERE b.id = late.id
    RETURNING true AS is_new, {_SAYS}
)
SELECT * FROM held UNION ALL
SELECT false, {_SAYS} FROM billables b
WHERE b.state = 'held' AND b.hold_code = 'PERIOD_CLOSED' AND b.entity = $1 AND ($2 = '' OR b.contract = $2)
  AND NOT EXISTS (SELECT FROM cases c WHERE c.key = 'PERIOD_CLOSED/' || b.reference AND c.state <> 'resolved')
"""
_RELEASE = f"""
WITH free AS (
    SELECT b.id FROM billables b
    WHERE b.state = 'held' AND b.hold_code = 'PERIOD_CLOSED' AND b.entity = $1 AND ($2 = '' OR b.contract = $2)
      AND ($5 OR {_IN_AN_OPEN_PERIOD} OR {_LET_PASS})
    ORDER BY b.id FOR NO KEY UPDATE
)
UPDATE billables b SET state = 'open', hold_code = '', hold_note = '' FROM free WHERE b.id = free.id RETURNING b.reference
"""
_ENTITIES = "SELECT DISTINCT entity FROM billables WHERE state = 'held' AND hold_code = 'PERIOD_CLOSED' ORDER BY entity"


class LateWork:
    """What waits for a period."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, entity: str, contract: str, periods: Sequence[Period], *, origin: Origin) -> Sequence[LateItem]:
        """Keep from billing what is open and in none of these periods; answers what is held and nobody was told of."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_HOLD, entity, contract, [one.start for one in periods], [one.end for one in periods])
            await _note(connection, "hold_late_work", origin, sum(row["is_new"] for row in rows))
        return [_item(row) for row in rows]

    async def release(self, entity: str, contract: str, periods: Sequence[Period] | None, *, origin: Origin) -> Sequence[str]:
        """Free what is in one of these periods or was let pass by a person; all of it where no periods are given."""
        starts, ends = [one.start for one in periods or ()], [one.end for one in periods or ()]
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_RELEASE, entity, contract, starts, ends, periods is None)
            await _note(connection, "release_late_work", origin, len(rows))
        return [row["reference"] for row in rows]

    async def entities(self) -> Sequence[str]:
        """The entities of which something waits."""
        return [row["entity"] for row in await self._database.rows(_ENTITIES)]


async def _note(connection: Connection, action: str, origin: Origin, items: int) -> None:
    if items:
        entry = Entry(
            action=action, origin=origin, system="handoff", kind="billables", outcome="done", details={"items": str(items)}
        )
        await connection.execute("SELECT audit_note($1)", as_json([entry]))


def _item(row: asyncpg.Record) -> LateItem:
    hours = f"{row['quantity'].normalize():f} {row['unit']}".strip() if row["role"] else ""
    return LateItem(
        reference=row["reference"],
        contract=row["contract"],
        customer=row["customer"],
        description=f"{hours} {row['role']}".strip() or row["description"],
        service=row["service_from"],
        amount=money(row, "amount"),
    )
