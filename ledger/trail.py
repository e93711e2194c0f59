"""The proof that the audit trail is whole: every hash computed again here, independently of the database that chained it."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg

from canonical.schema import Part
from ledger.database import Database

_HASHED = (
    "action", "system", "kind", "source_id", "target_id", "key", "outcome", "correlation",
    "actor", "workflow", "step", "mapping_version", "rate_version",
)  # fmt: skip
_ROWS = """
SELECT a.*, h.seq AS head_seq, h.hash AS head_hash FROM audit a LEFT JOIN audit_heads h USING (stream) ORDER BY a.stream, a.seq
"""
_EMPTY_STREAMS = "SELECT stream, seq FROM audit_heads h WHERE NOT EXISTS (SELECT FROM audit a WHERE a.stream = h.stream)"
# An anchored head whose row is gone or differs; anchors outlive a head that was rewritten to hide it.
_BROKEN_ANCHORS = """
SELECT a.seq AS anchor, h.key AS stream, h.value ->> 0 AS seq, row.hash IS NULL AS is_missing
FROM audit_anchors a CROSS JOIN jsonb_each(a.heads) h
LEFT JOIN audit row ON row.stream = h.key AND row.seq = (h.value ->> 0)::bigint
WHERE row.hash IS DISTINCT FROM h.value ->> 1 ORDER BY a.seq, h.key
"""
_AT_ONCE = 1000


class Problem(Part):
    """A place where the trail is not what was written."""

    stream: str
    seq: int
    what: str


async def verify(database: Database) -> AsyncIterator[Problem]:
    """Every problem of the trail: changed rows, gaps, lost tails, lost streams, broken anchors. Reads one consistent snapshot."""
    async with database.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        before: asyncpg.Record | None = None
        async for row in connection.cursor(_ROWS, prefetch=_AT_ONCE):
            for problem in _row_problems(before, row):
                yield problem
            before = row
        for problem in _tail_problems(before):
            yield problem
        for row in await connection.fetch(_EMPTY_STREAMS):
            yield Problem(stream=row["stream"], seq=row["seq"], what="the whole stream is gone")
        for problem in _anchor_problems(await connection.fetch("SELECT * FROM audit_anchors ORDER BY seq")):
            yield problem
        for row in await connection.fetch(_BROKEN_ANCHORS):
            what = "is gone" if row["is_missing"] else "was changed"
            yield Problem(stream=row["stream"], seq=int(row["seq"]), what=f"what anchor {row['anchor']} bound {what}")


def row_hash(row: Mapping[str, Any] | asyncpg.Record) -> str:
    """The hash of a row: every field with its length in front, then the details in order of their names."""
    fields = [row["previous_hash"], row["stream"], str(row["seq"]), _moment(row["at"]), *(row[name] for name in _HASHED)]
    details = [part for name in sorted(row["details"]) for part in (name, row["details"][name])]
    return _digest([*fields, *details])


def _row_problems(before: asyncpg.Record | None, row: asyncpg.Record) -> Iterable[Problem]:
    is_first = before is None or before["stream"] != row["stream"]
    if is_first:
        yield from _tail_problems(before)
    expected = 1 if is_first or before is None else before["seq"] + 1
    if row["seq"] != expected:
        yield Problem(stream=row["stream"], seq=expected, what=f"rows {expected} to {row['seq'] - 1} are gone")
    elif row["previous_hash"] != ("" if is_first or before is None else before["hash"]):
        yield Problem(stream=row["stream"], seq=row["seq"], what="it does not continue the row before it")
    if row["hash"] != row_hash(row):
        yield Problem(stream=row["stream"], seq=row["seq"], what="its content was changed")


def _tail_problems(last: asyncpg.Record | None) -> Iterable[Problem]:
    if last is not None and (last["seq"], last["hash"]) != (last["head_seq"], last["head_hash"]):
        yield Problem(stream=last["stream"], seq=last["seq"], what=f"the stream ended at {last['head_seq']} and ends here now")


def _anchor_problems(anchors: Iterable[asyncpg.Record]) -> Iterable[Problem]:
    seq, previous = 0, ""
    for anchor in anchors:
        heads = [part for stream in sorted(anchor["heads"]) for part in (stream, *anchor["heads"][stream])]
        expected = _digest([previous, str(seq + 1), _moment(anchor["at"]), *heads])
        if (anchor["seq"], anchor["previous_hash"], anchor["hash"]) != (seq + 1, previous, expected):
            yield Problem(stream="", seq=anchor["seq"], what="the anchor was changed, or one before it is gone")
        seq, previous = anchor["seq"], anchor["hash"]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
