"""What the ledger does for itself at a sweep: parked deliveries go on, overdue exceptions move up, audit heads are anchored."""

from collections.abc import Sequence
from datetime import timedelta

from ledger.audit import Audit
from ledger.database import Database
from ledger.exceptions import Cases
from ledger.inbox import Inbox
from ledger.settlement import Escalation, stays_with_owner


class Upkeep:
    """Each part is safe to run twice and beside itself; ``next_owner`` is the firm's rule for overdue exceptions."""

    def __init__(self, database: Database, *, next_owner: Escalation = stays_with_owner) -> None:
        self._database = database
        self._next_owner = next_owner

    async def unpark(self, *, older_than_seconds: int) -> int:
        """Hand parked deliveries on again; answers how many."""
        return await Inbox(self._database).unpark(older_than=timedelta(seconds=older_than_seconds))

    async def escalate(self) -> Sequence[int]:
        """Pass overdue exceptions on to the next in their chain; answers their numbers."""
        return await Cases(self._database).escalate(self._next_owner)

    async def anchor(self) -> None:
        """Bind the heads of all audit streams together."""
        await Audit(self._database).anchor()
