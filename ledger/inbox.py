"""Deliveries: kept first, acted on second; never lost, never handled twice (DESIGN 4, S18)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import asyncpg

from canonical.event import InboundEvent, InboxRow
from canonical.schema import Part
from ledger.database import Database, columns

CHANNEL = "handoff_inbox"
_AGAIN = 1.0

# The same delivery twice in one batch is one row, hence the grouping; in order, so that two batches never wait for each other in
# a circle. xmax is 0 only on a row that this statement inserted.
_RECEIVE = """
INSERT INTO inbox AS kept (source, event_id, contract, payload, deliveries)
SELECT source, event_id, min(contract), (array_agg(payload))[1], count(*)
FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[]) AS given(source, event_id, contract, payload)
GROUP BY source, event_id ORDER BY source, event_id
ON CONFLICT (source, event_id) DO UPDATE SET deliveries = kept.deliveries + excluded.deliveries
RETURNING number, xmax = 0 AS is_new
"""
# A row that was handed on and not concluded is handed on again: after a minute, then after ever longer.
_CLAIM = """
UPDATE inbox SET claims = claims + 1, claimed_until = clock_timestamp() + interval '1 minute' * least(power(2, claims), 60)
WHERE number IN (
    SELECT number FROM inbox WHERE outcome IS NULL AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
    ORDER BY number LIMIT $1 FOR UPDATE SKIP LOCKED
) RETURNING *
"""
_COUNTS = """
SELECT source, coalesce(outcome, 'waiting') AS outcome, count(*) AS rows, sum(deliveries) AS deliveries,
       sum(deliveries - 1) + count(*) FILTER (WHERE outcome = 'duplicate') AS duplicates
FROM inbox WHERE $1 = '' OR contract = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""
_REFUSED = """
INSERT INTO counters AS c (name, scope, value) VALUES ('signature_refused', $1, 1)
ON CONFLICT (name, scope) DO UPDATE SET value = c.value + 1
"""


class Received(Part):
    """What storing deliveries came to: the numbers of the new rows, and how many deliveries were known."""

    new: tuple[int, ...]
    duplicates: int


class InboxCount(Part):
    """How many deliveries of a source ended so; ``duplicates`` are repeats of a row and rows that turned out to be known."""

    source: str
    outcome: str
    rows: int
    deliveries: int
    duplicates: int


class Inbox:
    """The door for everything that arrives."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(self, events: Sequence[InboundEvent]) -> Received:
        """Store them in one statement; whoever listens hears of the new ones when this is committed."""
        given = [(event.source, event.event_id, event.contract, event.model_dump(mode="json")) for event in events]
        rows = await self._database.rows(_RECEIVE, *columns(given, 4)) if given else []
        new = sorted(row["number"] for row in rows if row["is_new"])
        return Received(new=tuple(new), duplicates=len(events) - len(new))

    async def waiting(self, limit: int) -> Sequence[InboxRow]:
        """Claim deliveries to hand on, the oldest first; no other caller gets them for a minute."""
        return [_row(row) for row in sorted(await self._database.rows(_CLAIM, limit), key=lambda row: int(row["number"]))]

    async def rows(self, numbers: Sequence[int]) -> Sequence[InboxRow]:
        """Deliveries by number."""
        found = await self._database.rows("SELECT * FROM inbox WHERE number = ANY($1) ORDER BY number", list(numbers))
        return [_row(row) for row in found]

    async def kept(self, source: str, event_id: str) -> InboundEvent | None:
        """A delivery as it came first; one that comes again is counted, never read."""
        payload = await self._database.value("SELECT payload FROM inbox WHERE source = $1 AND event_id = $2", source, event_id)
        return None if payload is None else InboundEvent.model_validate(payload)

    async def story(self, contract: str) -> Sequence[tuple[InboxRow, str]]:
        """Every delivery about a contract with what became of it, the oldest first."""
        found = await self._database.rows("SELECT * FROM inbox WHERE contract = $1 ORDER BY number", contract)
        return [(_row(row), row["outcome"] or "waiting") for row in found]

    async def assign(self, number: int, contract: str) -> None:
        """Now it is known which contract the delivery is about; it is handed on."""
        await self._database.execute(
            "UPDATE inbox SET contract = $2, claimed_until = NULL, outcome = NULL, concluded_at = NULL WHERE number = $1",
            number,
            contract,
        )

    async def conclude(self, numbers: Sequence[int], outcome: str) -> None:
        """``taken``, ``duplicate``, ``stale``, ``conflicting`` or ``parked``; parked rows are handed on again by the sweep.

        The first conclusion stands: a delivery that is looked at twice is not its own duplicate.
        """
        await self._database.execute(
            "UPDATE inbox SET outcome = $2, concluded_at = business_now()"
            " WHERE number = ANY($1) AND (outcome IS NULL OR outcome = 'parked')",
            list(numbers),
            outcome,
        )

    async def parked(self, *, older_than: timedelta = timedelta(0)) -> Sequence[InboxRow]:
        """What could not be placed and has waited so long, by business time."""
        rows = await self._database.rows(
            "SELECT * FROM inbox WHERE outcome = 'parked' AND concluded_at <= business_now() - $1::interval ORDER BY number",
            older_than,
        )
        return [_row(row) for row in rows]

    async def unpark(self, *, older_than: timedelta) -> int:
        """Hand parked deliveries on again; answers how many."""
        return await self._database.execute(
            "UPDATE inbox SET outcome = NULL, claimed_until = NULL, claims = 0"
            " WHERE outcome = 'parked' AND concluded_at <= business_now() - $1::interval",
            older_than,
        )

    async def unpark_of(self, contract: str) -> int:
        """Hand a contract's parked deliveries on again at once: what they wait for has come."""
        return await self._database.execute(
            "UPDATE inbox SET outcome = NULL, claimed_until = NULL, claims = 0 WHERE outcome = 'parked' AND contract = $1",
            contract,
        )

    async def counts(self, contract: str = "") -> Sequence[InboxCount]:
        """By source and outcome, of one contract or of all."""
        return [InboxCount(**dict(row)) for row in await self._database.rows(_COUNTS, contract)]

    async def count_refused(self, source: str) -> None:
        """A delivery whose signature was wrong: nothing of it is kept but this count."""
        await self._database.execute(_REFUSED, source)

    async def refused(self) -> dict[str, int]:
        """How many deliveries of each source were refused."""
        rows = await self._database.rows("SELECT scope, value FROM counters WHERE name = 'signature_refused' ORDER BY scope")
        return {row["scope"]: row["value"] for row in rows}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever something arrives; survives a lost connection.

        The caller clears it, and looks now and then anyway, since a row whose claim ended makes no noise.
        """
        woken = asyncio.Event()
        task = asyncio.create_task(_listen(self._database, woken))
        try:
            yield woken
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _listen(database: Database, woken: asyncio.Event) -> None:
    while True:
        lost = asyncio.Event()
        try:
            async with database.listening(CHANNEL, heard=woken.set, lost=lost.set):
                woken.set()  # something may have come while nobody listened
                await lost.wait()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(_AGAIN)


def _row(row: asyncpg.Record) -> InboxRow:
    return InboxRow(
        number=row["number"],
        event=InboundEvent.model_validate(row["payload"]),
        received_at=row["received_at"],
        deliveries=row["deliveries"],
        contract=row["contract"],
    )
