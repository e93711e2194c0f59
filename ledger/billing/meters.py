"""What meters say was used: readings are added under their names and versions, never rewritten (R77)."""

from collections.abc import Sequence

from canonical.errors import KeyReusedWithDifferentContent
from canonical.provenance import Entry, Origin
from canonical.usage import Metered, MeterReadings
from ledger.audit import as_json
from ledger.billing.amounts import plain
from ledger.database import Database, columns

_ADD = """
WITH added AS (
    INSERT INTO meter_readings (source, reading, version, contract, line, used_on, quantity)
    SELECT $1, g.* FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::numeric[])
        AS g(reading, version, contract, line, used_on, quantity)
    ORDER BY g.reading, g.version ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*) FROM added
"""
_DIFFERING = """
SELECT g.reading FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::numeric[])
    AS g(reading, version, contract, line, used_on, quantity)
JOIN meter_readings r ON r.source = $1 AND r.reading = g.reading AND r.version = g.version
WHERE (r.contract, r.line, r.used_on, r.quantity) <> (g.contract, g.line, g.used_on, g.quantity) ORDER BY g.reading LIMIT 5
"""
# A corrected reading counts where and for what its newest version says; every version moves the mark of the days it speaks of,
# so that a period that lost a reading is told apart from what it was.
_USED = """
WITH own AS (
    SELECT DISTINCT source, reading FROM meter_readings WHERE contract = $1
), versions AS (
    SELECT r.*, rank() OVER (PARTITION BY source, reading ORDER BY r.version COLLATE "C" DESC) AS age,
           max(r.id) OVER (PARTITION BY source, reading) AS newest
    FROM meter_readings r JOIN own USING (source, reading)
)
SELECT line, used_on, coalesce(sum(quantity) FILTER (WHERE age = 1), 0) AS quantity, max(newest) AS mark
FROM versions WHERE contract = $1 GROUP BY line, used_on ORDER BY line, used_on
"""


class Meters:
    """Use by contract line and day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, given: MeterReadings, *, origin: Origin) -> int:
        """Keep readings, all or none; answers how many were new. One that is known otherwise under its version is refused."""
        rows = [(one.reading, one.version, one.contract, one.line, one.used_on, one.quantity) for one in given.readings]
        async with self._database.transaction() as connection:
            added: int = await connection.fetchval(_ADD, given.source, *columns(rows, 6))
            differing = [row["reading"] for row in await connection.fetch(_DIFFERING, given.source, *columns(rows, 6))]
            if differing:
                raise KeyReusedWithDifferentContent(
                    f"{given.source} gave {', '.join(differing)} otherwise before, under the same version.",
                    remedy="Give a corrected reading the next version: the earlier one stays on record.",
                )
            if added:
                details = {"readings": str(added), "contracts": ", ".join(sorted({one.contract for one in given.readings})[:20])}
                entry = Entry(
                    action="import_usage",
                    origin=origin,
                    system=given.source,
                    kind="meter_readings",
                    outcome="done",
                    details=details,
                )
                await connection.execute("SELECT audit_note($1)", as_json([entry]))
        return added

    async def used(self, contract: str) -> Sequence[Metered]:
        """Every day of which a meter spoke, by line: corrected readings as they are now."""
        return [
            Metered(line=row["line"], used_on=row["used_on"], quantity=plain(row["quantity"]), mark=row["mark"])
            for row in await self._database.rows(_USED, contract)
        ]
