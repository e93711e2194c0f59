"""The write protocol (DESIGN 4): reserve, call, record, look up, adopt; a fresh write costs two round trips to the database."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import uuid4

import asyncpg
from pydantic import BaseModel

from canonical.defect import defect_of
from canonical.errors import (
    UNDECIDED,
    Conflict,
    Failure,
    Misconfigured,
    NotReached,
    NotReady,
    OutcomePending,
    Rejected,
    Throttled,
)
from canonical.provenance import Write
from canonical.reference import fingerprint
from canonical.written import Declaration, Written
from ledger import effect_refusals as refusals
from ledger.database import Database
from ledger.effect_refusals import Standing
from ledger.lease import Lease, LeaseTerms

Call = Callable[[], Awaitable[Written]]
LookUp = Callable[[], Awaitable[Written | None]]

SURELY_NOT_DONE = (Throttled, NotReached, NotReady)
SHORTLY = timedelta(seconds=1)

# How a key stands, with what is left of its waits by the database's own clock.
_STANDING = "SELECT *, look_after - clock_timestamp() AS rest FROM "
_RESERVE = _STANDING + "reserve_effect($1, $2, $3, $4)"
_RECORD = "SELECT target_id FROM record_effect($1, $2, $3, $4, $5)"
_LEAVE = "SELECT look_after - clock_timestamp() AS rest FROM leave_effect($1, $2, $3, $4)"
_EMPTY = "SELECT key FROM look_was_empty($1, $2, $3, $4)"
_RESEND = _STANDING + "resend_effect($1, $2, $3, $4, $5, $6)"
_CLOSE = _STANDING + "close_effect($1, $2, $3)"
_STAND = _STANDING + "stand_of_effect($1)"
_UNDECIDED = "SELECT EXISTS (SELECT FROM effects WHERE key = $1 AND state IN ('reserved', 'calling', 'unknown'))"
_FREE = """
WITH freed AS (
    UPDATE effects SET state = 'reserved', updated_at = business_now()
    WHERE key = $1 AND state IN ('unknown', 'closed') RETURNING *
)
SELECT key, note_effect(freed, 'settled as absent', $2, $3) FROM freed
"""


class Effects:
    """Every write to another system goes through here.

    ``margin`` is added to what a vendor says of its own delays; it is not shorter than the time between two renewals of the
    lease, because a call may send its last request just before its process dies.
    """

    def __init__(self, database: Database, *, lease: LeaseTerms | None = None, margin: timedelta = timedelta(seconds=2)) -> None:
        self._database = database
        self._lease = lease or LeaseTerms()
        self._margin = margin

    async def once(
        self,
        write: Write,
        *,
        request: BaseModel | Mapping[str, object],
        call: Call,
        look_up: LookUp | None,
        declared: Declaration,
    ) -> Written:
        """Carry the write out once, however often and from wherever this is asked."""
        request_hash = fingerprint(request if isinstance(request, BaseModel) else dict(request))
        lease = self._new_lease(write.key, declared)
        asked = {**write.model_dump(exclude={"origin"}), **write.origin.model_dump(), "request_hash": request_hash}
        standing = Standing.of(
            await self._database.row(_RESERVE, asked, lease.token, lease.terms.length, lease.settles), look_up, declared
        )
        if standing.lease_token == lease.token:
            return await self._send(lease, call, standing)
        return await self._go_on(standing, lease, request_hash, call)

    async def written(self, key: str) -> Written | None:
        """What this key has written, if it has and if it was not undone since."""
        row = await self._database.row("SELECT * FROM effects WHERE key = $1 AND state = 'written'", key)
        return refusals.written(row) if row else None

    async def is_undecided(self, key: str) -> bool:
        """Whether it was begun, and what became of it is not recorded."""
        return bool(await self._database.value(_UNDECIDED, key))

    async def outcome(self, key: str, *, look_up: LookUp | None, declared: Declaration) -> Written | None:
        """What became of a write that is about to be undone; never sends, and closes a key under which nothing was written."""
        standing = Standing.of(await self._database.row(_CLOSE, key, -1, -1), look_up, declared)
        match standing.state:
            case "written":
                return standing.written
            case "closed" | "reversed":
                return None
            case "unknown":
                return await self._found_or_closed(standing)
            case _:
                raise refusals.in_flight(key, SHORTLY)

    async def settle(self, key: str, *, adopt: str | None, actor: str, reason: str) -> None:
        """A person's word on an unknown outcome: adopt that target id, or (None) it is surely absent and may be sent again."""
        row = await self._database.row(_STAND, key)
        state = row["state"] if row else None
        if adopt is None:
            if not await self._database.row(_FREE, key, actor, reason) and state not in refusals.FREE:
                raise refusals.not_to_settle(key, state)
        elif state in ("unknown", "refused", "closed", "written"):
            await self._record(key, Written(target_id=adopt), "settled", actor, reason)
        else:
            raise refusals.not_to_settle(key, state)

    async def _go_on(self, standing: Standing, lease: Lease, request_hash: str, call: Call) -> Written:
        if standing.state == "closed":
            raise refusals.closed(standing.key)
        if standing.request_hash != request_hash:
            raise refusals.other_content(standing.key, standing.request_hash, request_hash)
        match standing.state:
            case "written":
                return standing.written
            case "unknown":
                found = await self._look(standing)
                return found or await self._send_again(standing, lease, call)
            case _:
                raise refusals.in_flight(standing.key, SHORTLY)

    async def _send(self, lease: Lease, call: Call, standing: Standing, *, again: bool = False) -> Written:
        try:
            written = await lease.run(call)
        except asyncio.CancelledError:
            await asyncio.shield(self._leave(lease, "unknown", "The process was told to stop while the call ran."))
            raise
        except Exception as failure:
            return await self._after(failure, lease, standing, again=again)
        return await asyncio.shield(self._recorded(lease, written))

    async def _recorded(self, lease: Lease, written: Written) -> Written:
        try:
            await self._record(lease.key, written, "written", "", "")
        except Conflict as conflict:
            await self._leave(lease, "unknown", conflict.message)
            raise
        return written

    async def _after(self, failure: Exception, lease: Lease, standing: Standing, *, again: bool) -> Written:
        """What a failed call leaves behind depends on one question only: may they have carried it out?"""
        defect = defect_of(failure)
        words = defect.message if defect else str(failure) or type(failure).__name__
        match failure:
            case Conflict():
                await self._leave(lease, "unknown", words)
                return await self._held_by_them(standing, failure)
            case _ if isinstance(failure, SURELY_NOT_DONE):
                await self._leave(lease, "reserved", words)
                raise failure
            case Rejected() | Misconfigured():
                await self._leave(lease, "refused", words)
                raise failure
        rest = await self._leave(lease, "unknown", words)
        if isinstance(failure, Failure) and not isinstance(failure, (*UNDECIDED, OutcomePending)):
            raise failure
        if standing.is_blind:
            raise refusals.unknown(standing, words) from failure
        if defect and again:  # it was looked up, was absent, and was sent once more: the next time will be no different
            raise defect from None
        raise refusals.pending(standing.key, rest, words) from failure

    async def _held_by_them(self, standing: Standing, conflict: Conflict) -> Written:
        found = await standing.look_up() if standing.look_up else None
        if found is not None:
            await self._record(standing.key, found, "adopted", "", "")
            return found
        await self._database.execute(
            "UPDATE effects SET state = 'refused', updated_at = business_now() WHERE key = $1 AND state = 'unknown'", standing.key
        )
        raise Rejected(conflict.message, code=conflict.specific_code, evidence=conflict.evidence) from conflict

    async def _look(self, standing: Standing) -> Written | None:
        """Adopt what is found. None only when it was absent twice; everything else is too early to say."""
        if standing.is_blind or standing.look_up is None:
            raise refusals.unknown(standing, standing.failure)
        if standing.rest > timedelta(0):
            raise refusals.pending(standing.key, standing.rest, standing.failure)
        found = await standing.look_up()
        if found is not None:
            await self._record(standing.key, found, "adopted", "", "")
            return found
        if standing.empty_looks == 0:
            again = max(standing.visibility_delay, SHORTLY)
            await self._database.row(_EMPTY, standing.key, standing.attempts, 0, again)
            raise refusals.pending(standing.key, again, standing.failure)
        return None

    async def _send_again(self, standing: Standing, lease: Lease, call: Call) -> Written:
        row = await self._database.row(
            _RESEND, standing.key, standing.attempts, standing.empty_looks, lease.token, lease.terms.length, lease.settles
        )
        if row is None:  # somebody else was quicker
            raise refusals.in_flight(standing.key, SHORTLY)
        return await self._send(lease, call, standing, again=True)

    async def _found_or_closed(self, standing: Standing) -> Written | None:
        found = await self._look(standing)
        if found is not None:
            return found
        row = await self._database.row(_CLOSE, standing.key, standing.attempts, standing.empty_looks)
        if row is None or row["state"] != "closed":
            raise refusals.in_flight(standing.key, SHORTLY)
        return None

    async def _record(self, key: str, written: Written, how: str, actor: str, reason: str) -> None:
        try:
            await self._database.row(_RECORD, key, written.model_dump(), how, actor, reason)
        except asyncpg.PostgresError as refused:
            raise refusals.of_database(refused, key) from refused

    async def _leave(self, lease: Lease, state: str, words: str) -> timedelta:
        """Answers how long to wait. If even this fails, the lease ends by itself and the outcome counts as unknown."""
        row = await self._database.row(_LEAVE, lease.key, lease.token, state, words[:1000])
        return max((row["rest"] if row else None) or SHORTLY, SHORTLY)

    def _new_lease(self, key: str, declared: Declaration) -> Lease:
        return Lease(self._database, key, uuid4().hex, self._lease, declared.settles_after + self._margin)
