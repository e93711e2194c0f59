"""The hold on a write while its call runs: renewed in short steps, so that a holder who died is noticed within seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from pydantic import BaseModel

from canonical.errors import AnswerLost
from canonical.written import Written
from ledger.database import Database

# A call may send several requests, so each renewal also moves the time after which a look-up is conclusive.
_RENEW = """
UPDATE effects SET lease_until = clock_timestamp() + $3, sent_at = clock_timestamp(), look_after = clock_timestamp() + $4
WHERE key = $1 AND lease_token = $2 AND state = 'calling' RETURNING true
"""


class LeaseTerms(BaseModel):
    """How long a hold lasts and how often it is renewed."""

    length: timedelta = timedelta(seconds=6)
    renew_every: timedelta = timedelta(seconds=2)


@dataclass
class Lease:
    """One hold: on which key, by which token, and how long after sending a look-up is conclusive."""

    database: Database
    key: str
    token: str
    terms: LeaseTerms
    settles: timedelta
    is_lost: bool = False

    async def run(self, call: Callable[[], Awaitable[Written]]) -> Written:
        """Call while the lease holds; where it is lost the call ends, since somebody else may be looking already."""
        calling = asyncio.ensure_future(call())
        renewal = asyncio.create_task(self._renew(calling))
        try:
            return await calling
        except asyncio.CancelledError:
            if not self.is_lost:
                raise
            raise AnswerLost("The hold on this write was lost while the call ran.") from None
        finally:
            renewal.cancel()

    async def _renew(self, calling: "asyncio.Future[Written]") -> None:
        pause = self.terms.renew_every.total_seconds()
        while not calling.done():
            await asyncio.sleep(pause)
            try:
                is_ours = await asyncio.wait_for(
                    self.database.value(_RENEW, self.key, self.token, self.terms.length, self.settles), pause
                )
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                continue  # the database may be back before the lease ends
            if not is_ours and not calling.done():
                self.is_lost = True
                calling.cancel()
