"""Two sides compared by sets: counts, sums and a fingerprint by bucket, then item by item where a bucket differs (R135).

A bucket's fingerprint is the sum of the hashes of its items: counts and sums alone would let a missing item and an orphan of the
same amount hide each other.
"""

from collections.abc import Sequence
from datetime import datetime

from canonical.money import minor_unit
from canonical.reconciliation import Comparison
from canonical.written import RoundingLevel
from ledger.database import Connection

# As of the cut-off: what changed later is set apart on its side, and looked at item by item.
_BUCKETS = """
INSERT INTO reconciliation_buckets (run, comparison, day, kind, currency, left_count, left_sum, right_count, right_sum, is_equal)
SELECT $1::bigint, $2::text, day, kind, currency, count(*) FILTER (WHERE side = 1),
       coalesce(sum(amount) FILTER (WHERE side = 1), 0), count(*) FILTER (WHERE side = 2),
       coalesce(sum(amount) FILTER (WHERE side = 2), 0),
       count(*) FILTER (WHERE side = 1) = count(*) FILTER (WHERE side = 2)
       AND coalesce(sum(mark) FILTER (WHERE side = 1), 0) = coalesce(sum(mark) FILTER (WHERE side = 2), 0)
FROM (SELECT *, hashtextextended(key || chr(31) || coalesce(trim_scale(amount)::text, ''), 0)::numeric AS mark
      FROM reconciliation_items WHERE run = $1 AND comparison = $2 AND counts AND coalesce(changed_at, $3) <= $3) i
GROUP BY day, kind, currency
"""
# What changed after the cut-off was not there to be seen by it; what waits on purpose says why. Where a record has copies and
# differs itself, these are two findings, so that each has its money: what is named by us is the original, the rest are copies.
_DIFFERENCES = """
WITH differing AS (
    SELECT day, kind, currency FROM reconciliation_buckets WHERE run = $1 AND comparison = $2 AND NOT is_equal
), touched AS (
    SELECT DISTINCT i.key FROM reconciliation_items i JOIN differing d
    ON d.day IS NOT DISTINCT FROM i.day AND (d.kind, d.currency) = (i.kind, i.currency)
    WHERE i.run = $1 AND i.comparison = $2 AND i.counts
    UNION SELECT key FROM reconciliation_items WHERE run = $1 AND comparison = $2 AND counts AND changed_at > $3
), seen AS (
    SELECT i.*, sum(i.amount) FILTER (WHERE i.side = 1 AND i.counts) OVER (PARTITION BY i.key) AS wanted
    FROM reconciliation_items i JOIN touched t USING (key) WHERE i.run = $1 AND i.comparison = $2
), pairs AS (
    SELECT i.key, min(i.kind) AS kind, min(i.day) AS day, max(i.contract) AS contract, max(i.held) AS held,
           max(i.changed_at) AS changed, max(i.roundings) AS roundings,
           count(*) FILTER (WHERE i.side = 1 AND i.counts) AS ln, count(*) FILTER (WHERE i.side = 2 AND i.counts) AS rn,
           coalesce(sum(i.amount) FILTER (WHERE i.side = 1 AND i.counts), 0) AS l,
           coalesce(sum(i.amount) FILTER (WHERE i.side = 2 AND i.counts), 0) AS r,
           coalesce((array_agg(i.amount ORDER BY i.is_ours DESC, abs(i.amount - i.wanted), i.id)
                     FILTER (WHERE i.side = 2 AND i.counts))[1], 0) AS original,
           max(i.currency) FILTER (WHERE i.side = 1 AND i.counts) AS lc,
           max(i.currency) FILTER (WHERE i.side = 2 AND i.counts) AS rc,
           max(coalesce(nullif(i.state, ''), 'known')) FILTER (WHERE i.side = 1 AND NOT i.counts) AS lx,
           max(coalesce(nullif(i.state, ''), 'known')) FILTER (WHERE i.side = 2 AND NOT i.counts) AS rx,
           array_agg(i.target ORDER BY i.id) FILTER (WHERE i.side = $4 AND i.target <> '') AS targets
    FROM seen i GROUP BY i.key
), parted AS (
    SELECT v.*, p.ln, p.l, p.lc, p.rc, p.lx, p.rx, p.kind, p.day, p.contract, p.held, p.changed, p.roundings, p.targets
    FROM (SELECT *, rn > ln AND ln = 1 AND lc = rc AND original <> l AND held = '' AND coalesce(changed, $3) <= $3 AS is_both
          FROM pairs) p
    CROSS JOIN LATERAL (VALUES
        (p.key, p.rn, CASE WHEN p.is_both THEN p.l + p.r - p.original ELSE p.r END, p.r),
        (CASE WHEN p.is_both THEN p.key || ' (the original)' END, 1::bigint, p.original, p.original)) AS v(key, rn, r, told)
    WHERE v.key IS NOT NULL
), typed AS (
    SELECT p.*, CASE WHEN lc <> rc THEN r ELSE r - l END AS money, coalesce(rc, lc, '') AS currency,
           CASE WHEN held <> '' THEN 'HELD'
                WHEN changed > $3 THEN 'LATE'
                WHEN ln > 0 AND rn = 0 THEN CASE WHEN rx IS NULL THEN 'MISSING' ELSE 'STATUS' END
                WHEN ln = 0 THEN CASE WHEN lx IS NULL OR lx = 'deleted' THEN 'ORPHAN' ELSE 'STATUS' END
                WHEN rn > ln THEN 'DUPLICATE'
                WHEN rn < ln THEN 'MISSING'
                WHEN lc <> rc THEN 'AMOUNT'
                WHEN abs(r - l) <= coalesce(u.unit, 0) * CASE $7 WHEN 'line' THEN greatest(1, ceil(roundings / 2.0))
                                                            WHEN 'document' THEN 1 ELSE 0 END
                THEN 'ROUNDING' ELSE 'AMOUNT' END AS type
    FROM parted p LEFT JOIN unnest($5::text[], $6::numeric[]) AS u(name, unit) ON u.name = coalesce(p.rc, p.lc)
    WHERE (ln, l, coalesce(lc, '')) IS DISTINCT FROM (rn, r, coalesce(rc, ''))
), added AS (
    INSERT INTO reconciliation_findings (entity, comparison, key, first_run)
    SELECT $8::text, $2, key, $1 FROM typed ORDER BY key
    ON CONFLICT (entity, comparison, key) DO NOTHING RETURNING id, key
), named AS (
    SELECT id, key FROM added
    UNION ALL SELECT f.id, f.key FROM reconciliation_findings f JOIN typed USING (key) WHERE (f.entity, f.comparison) = ($8, $2)
)
INSERT INTO reconciliation_states (finding, run, type, state, kind, day, contract, money, currency, left_said, right_said,
                                   reason, targets, since)
SELECT n.id, $1, t.type, 'open', t.kind, t.day, t.contract, t.money, t.currency,
       CASE WHEN t.ln > 0 THEN t.ln || ' over ' || trim_scale(t.l) || ' ' || coalesce(t.lc, '') ELSE coalesce(t.lx, 'none') END,
       CASE WHEN t.rn > 0 THEN t.rn || ' over ' || trim_scale(t.told) || ' ' || coalesce(t.rc, '')
            ELSE coalesce(t.rx, 'none') END,
       t.held, coalesce(t.targets, '{}'), coalesce(b.since, business_now())
FROM typed t JOIN named n USING (key)
LEFT JOIN LATERAL (SELECT state, since FROM reconciliation_states s WHERE s.finding = n.id ORDER BY s.id DESC LIMIT 1) b
ON b.state = 'open'
ON CONFLICT (finding, run) DO NOTHING
"""
_SIDE = """
INSERT INTO reconciliation_sides (run, comparison, left_system, right_system, left_count, right_count)
SELECT $1::bigint, $2::text, $3::text, $4::text, count(*) FILTER (WHERE side = 1 AND counts),
       count(*) FILTER (WHERE side = 2 AND counts)
FROM reconciliation_items WHERE run = $1 AND comparison = $2
ON CONFLICT (run, comparison) DO NOTHING RETURNING comparison
"""


async def compare(
    connection: Connection, run: int, comparison: Comparison, *, entity: str, as_of: datetime, rounding: RoundingLevel
) -> None:
    """Buckets, then findings; done once, however often it is asked."""
    # One run of an entity after the other, so that the same finding is never named by two at once.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"reconcile/{entity}/{comparison.name}")
    systems = (comparison.outside, "ledger") if comparison.leads else ("ledger", comparison.outside)
    if not await connection.fetchval(_SIDE, run, comparison.name, *systems):
        return
    await connection.execute(_BUCKETS, run, comparison.name, as_of)
    currencies = await _currencies(connection, run, comparison.name)
    await connection.execute(
        _DIFFERENCES,
        run,
        comparison.name,
        as_of,
        1 if comparison.leads else 2,
        currencies,
        [minor_unit(currency) for currency in currencies],
        rounding.value,
        entity,
    )


async def _currencies(connection: Connection, run: int, comparison: str) -> Sequence[str]:
    rows = await connection.fetch(
        "SELECT DISTINCT currency FROM reconciliation_buckets WHERE run = $1 AND comparison = $2 AND currency <> ''",
        run,
        comparison,
    )
    return [row["currency"] for row in rows]
