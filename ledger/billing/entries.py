"""Items come in by COPY, are judged against what is known, and change it, all in one transaction and by sets (R67, R68)."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from decimal import Decimal

import asyncpg

from canonical.billable import Billable
from canonical.exception import Finding
from canonical.intake import Intake, JudgedItem, Judgement
from canonical.money import Money
from canonical.provenance import Entry, Origin
from canonical.rules.rating import RateBook, RatingPolicy
from canonical.rules.retroactive import Reprice
from canonical.time_entry import TimeEntry
from ledger.audit import as_json
from ledger.billing.amounts import money
from ledger.billing.billable_rows import COLUMNS, as_row
from ledger.billing.rated_rows import Place, Row, RowRater, unsaid
from ledger.billing.refusals import in_business_words
from ledger.database import Connection, Database, columns

_FEW = 500

# What the source says happened; the rest follows from contract and policy and may be rated anew.
_FACTS = ("kind", "contract", "person", "task", "service_from", "service_until", "quantity", "unit", "currency")
_UNRATED = "CASE WHEN {0}.rate IS NULL THEN {0}.amount END"
_SAME_CODE = ("reference", "source", "source_version", "approved_by", "evidence", "hold_code", "hold_note")
_TERMS = tuple(name for name in COLUMNS if name not in _SAME_CODE)
_VERSION = 'source_version COLLATE "C"'

# Items of one contract come in one after the other, so that no twin is overlooked; other contracts do not wait.
_LOCK_CONTRACTS = """
SELECT pg_advisory_xact_lock_shared(7248, 0), count(pg_advisory_xact_lock(7247, bucket))
FROM (SELECT DISTINCT intake_bucket(contract) AS bucket FROM staged_billables ORDER BY 1) t
"""
# Everything that may be changed, in the order of ids; answers the contents that known items had before.
_LOCK_ITEMS = """
WITH known AS (
    SELECT b.id, b.content, s.content AS now FROM staged_billables s JOIN billables b USING (reference)
), locked AS (
    SELECT id FROM billables WHERE id IN (
        SELECT id FROM known
        UNION SELECT t.id FROM staged_billables s JOIN billables t ON t.content = s.content
        WHERE t.content IS NOT NULL AND t.state <> 'withdrawn'
        UNION SELECT t.id FROM known k JOIN billables t ON t.content = k.content
        WHERE k.content IS DISTINCT FROM k.now AND t.content IS NOT NULL AND t.state <> 'withdrawn'
    ) ORDER BY id FOR NO KEY UPDATE
)
SELECT coalesce((SELECT array_agg(DISTINCT content) FROM known WHERE content IS DISTINCT FROM now), '{}')
FROM (SELECT count(*) FROM locked) t
"""


def _sides(names: Iterable[str], *, unrated: bool = False) -> str:
    """A comparison of the staged with the known row."""

    def side(of: str) -> str:
        return ", ".join([*(f"{of}.{name}" for name in names), *([_UNRATED.format(of)] if unrated else [])])

    return f"({side('s')}) IS NOT DISTINCT FROM ({side('b')})"


_JUDGE = f"""
CASE WHEN b.id IS NULL THEN 'new'
     WHEN s.{_VERSION} < b.{_VERSION} THEN 'older'
     WHEN b.state = 'withdrawn' AND s.source_version = b.source_version THEN 'older'
     WHEN b.state = 'withdrawn' THEN 'changed'
     WHEN {_sides(_TERMS)} THEN 'known'
     WHEN {_sides(_FACTS, unrated=True)}
          AND (b.billed > b.credited OR b.closed > 0 OR s.source_version = b.source_version AND NOT $1) THEN 'known'
     WHEN s.source_version = b.source_version AND NOT $1 THEN 'conflicting'
     WHEN b.billed > b.credited OR b.closed > 0 THEN 'changed_after_billing'
     WHEN b.charge_batch <> '' AND NOT ($1 AND {_sides(_FACTS, unrated=True)}) THEN 'changed_after_export'
     ELSE 'changed' END
"""
_FROZEN = """
coalesce((SELECT f.key FROM billing_freezes f
          WHERE f.contract = j.contract AND f.line IN ('', j.line) AND f.lifted_at IS NULL ORDER BY f.since, f.key LIMIT 1), '')
"""
_KEPT = tuple(name for name in COLUMNS if name != "evidence")
# What was billed and is not so at its source any more may not be billed again as it was, whatever is credited, until a later
# word of its source says what it is.
_SET_APART = "b.hold_code IN ('APPROVAL_WITHDRAWN', 'CHANGED_AFTER_BILLING')"
_IS_NEWER = """(b.hold_code = 'APPROVAL_WITHDRAWN' OR b.hold_note COLLATE "C" < j.source_version COLLATE "C")"""
_SOUND_AGAIN = ", ".join(
    f"{name} = CASE WHEN {_SET_APART} AND {_IS_NEWER} THEN '{free}' ELSE b.{name} END"
    for name, free in (("state", "open"), ("hold_code", ""), ("hold_note", ""))
)
_STATE = "CASE j.hold_code WHEN '' THEN 'open' ELSE 'held' END"
_ACCEPT = f"""
WITH last AS (
    SELECT DISTINCT ON (reference) * FROM staged_billables ORDER BY reference, {_VERSION} DESC
), judged AS MATERIALIZED (
    SELECT s.*, b.id, b.amount AS was, b.source_version AS was_version, {_JUDGE} AS outcome
    FROM last s LEFT JOIN billables b ON b.reference = s.reference
), added AS (
    INSERT INTO billables ({", ".join(_KEPT)}, evidence, content, state, approved, frozen_by, recorded_at, changed_at)
    SELECT {", ".join(f"j.{name}" for name in _KEPT)}, j.evidence::jsonb, j.content, {_STATE}, j.amount, {_FROZEN}, moment, moment
    FROM judged j, business_now() AS moment WHERE j.outcome = 'new' ORDER BY j.service_from, j.reference
    ON CONFLICT (reference) DO NOTHING RETURNING 1
), altered AS (
    UPDATE billables b SET {", ".join(f"{name} = j.{name}" for name in _KEPT if name != "reference")},
           evidence = j.evidence::jsonb, content = j.content, state = {_STATE}, approved = j.amount, changed_at = business_now(),
           is_cleared = b.is_cleared AND b.content IS NOT DISTINCT FROM j.content,
           frozen_by = CASE b.frozen_by WHEN '' THEN {_FROZEN} ELSE b.frozen_by END
    FROM judged j WHERE b.id = j.id AND j.outcome = 'changed'
), revised AS (
    INSERT INTO charge_revisions (item, rate_version, system)
    SELECT j.reference, j.rate_version, c.system
    FROM judged j JOIN billables b ON b.id = j.id JOIN charge_batches c ON c.reference = b.charge_batch AND b.charge_batch <> ''
    WHERE j.outcome = 'changed' AND j.amount <> b.amount ORDER BY j.reference
    ON CONFLICT (item, rate_version) DO UPDATE SET state = 'asked', asked_at = excluded.asked_at
), touched AS (
    UPDATE billables b SET source_version = j.source_version, {_SOUND_AGAIN}
    FROM judged j WHERE b.id = j.id AND j.outcome = 'known' AND j.source_version <> b.source_version
), differing AS (
    UPDATE billables b SET state = 'held', hold_code = 'CHANGED_AFTER_BILLING', hold_note = j.source_version
    FROM judged j WHERE b.id = j.id AND j.outcome = 'changed_after_billing'
    AND b.state <> 'withdrawn' AND (NOT {_SET_APART} OR {_IS_NEWER})
)
SELECT outcome, count(*) AS count, (SELECT count(*) FROM added) AS added,
       coalesce(jsonb_agg(jsonb_build_array(reference, contract, source_version, currency, was::text, amount::text)
                          ORDER BY reference)
                FILTER (WHERE outcome IN ('conflicting', 'changed_after_billing', 'changed_after_export')), '[]') AS items
FROM judged GROUP BY outcome
"""
# What an item came to stays as the change found it, else another writer was first, and all of it is read again.
_REST = """
WITH change AS (
    SELECT * FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::numeric[], $5::text[], $6::jsonb[])
        AS c(reference, was_open, more, rate, version, remembers)
), altered AS (
    UPDATE billables b SET approved = b.approved + c.more, amount = b.amount + c.more, rate = c.rate, rate_version = c.version,
           evidence = b.evidence || c.remembers, changed_at = business_now()
    FROM change c WHERE b.reference = c.reference AND b.state <> 'withdrawn'
        AND b.approved - b.closed - b.billed + b.credited = c.was_open
    RETURNING b.reference, b.rate_version, b.charge_batch
), revised AS (
    INSERT INTO charge_revisions (item, rate_version, system)
    SELECT a.reference, a.rate_version, g.system FROM altered a JOIN charge_batches g ON g.reference = a.charge_batch
    WHERE a.charge_batch <> '' ORDER BY a.reference
    ON CONFLICT (item, rate_version) DO UPDATE SET state = 'asked', asked_at = excluded.asked_at
)
SELECT count(*) FROM altered
"""
# A batch is a few thousand items among millions. While the ledger is small the planner would rather read all of it for a batch
# than look the batch's own items up, so that ten times the volume would take more than ten times as long.
_OPEN = """
SELECT open_staging(), set_config('work_mem', '64MB', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true)
"""
_BY_INDEX = "SET LOCAL enable_seqscan = off"
_TWINS = """
SELECT * FROM weigh_twins((SELECT array_agg(DISTINCT c) FROM (
    SELECT content FROM staged_billables WHERE content IS NOT NULL UNION ALL SELECT unnest($1::bigint[])) t(c)))
ORDER BY reference
"""


class Entries:
    """The door of the ledger for whatever may be billed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, items: Sequence[Billable], *, batch: str, origin: Origin, anew: bool = False) -> Intake:
        """Take items in; see ``accept_rows``."""
        return await self.accept_rows(_pages(items), batch=batch, origin=origin, anew=anew)

    async def rate_rests(self, changes: Sequence[Reprice], *, batch: str, origin: Origin) -> None:
        """The open rest of items of which a part was billed or settled: it takes its new price, what was billed stays."""
        ordered = sorted(changes, key=lambda one: one.work.item.reference)
        rows = [
            (
                one.work.item.reference,
                one.work.open.amount if one.work.open else Decimal(0),
                one.of_open.amount,
                one.rate.amount,
                one.rate_version,
                one.remembers,
            )
            for one in ordered
        ]
        with in_business_words(f"Batch {batch}"):
            async with self._database.transaction() as connection:
                altered = await connection.fetchval(_REST, *columns(rows, 6))
                if altered != len(rows):
                    raise asyncpg.SerializationError("an item was billed or credited at the same time")
                details = {"rated_again": str(altered), "more": ", ".join(str(one.of_open) for one in ordered[:20])}
                entry = Entry(
                    action="rate_rests",
                    origin=origin,
                    system="handoff",
                    kind="billables",
                    key=batch,
                    outcome="done",
                    details=details,
                )
                await connection.execute("SELECT audit_note($1)", as_json([entry]))

    async def accept_time(
        self,
        pages: AsyncIterable[Sequence[TimeEntry]],
        book: RateBook,
        place: Place,
        *,
        role: Callable[[TimeEntry], str] = unsaid,
        policy: RatingPolicy | None = None,
        batch: str,
        origin: Origin,
        anew: bool = False,
    ) -> tuple[Intake, Sequence[Finding]]:
        """Rate approved time in bulk and take it in; what has no price or place is named one by one, and the rest goes on."""
        rater, found = RowRater(book, policy), list[Finding]()

        async def rated() -> AsyncIterator[Sequence[Row]]:
            async for page in pages:
                results = list(rater.rows(page, place, role))
                found.extend(one for one in results if isinstance(one, Finding))
                yield [one for one in results if not isinstance(one, Finding)]

        return await self.accept_rows(rated(), batch=batch, origin=origin, anew=anew), found

    async def accept_rows(self, pages: AsyncIterable[Sequence[Row]], *, batch: str, origin: Origin, anew: bool = False) -> Intake:
        """Take rows in, a page at a time, so that memory does not grow with their number.

        ``anew`` says that the same version was mapped or rated anew: what is not billed yet takes the new terms (a retroactive
        rate, a corrected mapping); without it rated items stay as they were rated. Nothing of a batch is kept if any of it fails.
        """
        with in_business_words(f"Batch {batch}"):
            async with self._database.transaction() as connection:
                await _stage(connection, pages)
                intake = await _judged(connection, anew)
                await connection.execute("SELECT audit_note($1)", _noted(batch, origin, intake))
        return intake


async def _pages(items: Sequence[Billable], size: int = 2_000) -> AsyncIterator[Sequence[Row]]:
    for start in range(0, len(items), size):
        yield [as_row(item) for item in items[start : start + size]]


async def _stage(connection: Connection, pages: AsyncIterable[Sequence[Row]]) -> None:
    await connection.execute(_OPEN)
    rows = 0
    async for page in pages:
        await connection.copy_records_to_table("staged_billables", records=page, columns=COLUMNS)
        rows += len(page)
    if rows > _FEW:
        await connection.execute("SELECT count_staging()")


async def _judged(connection: Connection, anew: bool) -> Intake:
    await connection.execute(_LOCK_CONTRACTS)
    left_behind = await connection.fetchval(_LOCK_ITEMS)
    outcomes = await connection.fetch(_ACCEPT, anew)
    counts = {Judgement(row["outcome"]): row["count"] for row in outcomes}
    if outcomes and outcomes[0]["added"] != counts.get(Judgement.NEW, 0):
        raise asyncpg.SerializationError("an item came in under the same name for another contract at the same time")
    await connection.execute(_BY_INDEX)
    twins = await connection.fetch(_TWINS, left_behind)
    if twins:
        counts[Judgement.DUPLICATE] = len(twins)
    named = [_judged_item(Judgement(row["outcome"]), *item) for row in outcomes for item in row["items"]]
    return Intake(counts=counts, items=(*named, *(_twin(row) for row in twins)))


def _judged_item(
    judgement: Judgement, reference: str, contract: str, version: str, currency: str, was: str, now: str
) -> JudgedItem:
    return JudgedItem(
        reference=reference,
        judgement=judgement,
        contract=contract,
        version=version,
        was=Money(amount=Decimal(was), currency=currency),
        now=Money(amount=Decimal(now), currency=currency),
    )


def _twin(row: asyncpg.Record) -> JudgedItem:
    return JudgedItem(
        reference=row["reference"],
        judgement=Judgement.DUPLICATE,
        contract=row["contract"],
        version=row["source_version"],
        now=money(row, "amount"),
        same_as=row["hold_note"],
    )


def _noted(batch: str, origin: Origin, intake: Intake) -> object:
    counted = {judgement.value: str(count) for judgement, count in intake.counts.items()}
    entry = Entry(
        action="accept_billables", origin=origin, system="handoff", kind="billables", key=batch, outcome="done", details=counted
    )
    return as_json([entry])
