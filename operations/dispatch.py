"""The dispatcher: hands inbox rows to Temporal as they come, woken by the database; what it misses the next look finds."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from activities.fact import IdentifyEvent
from canonical.event import InboxRow
from ledger.inbox import Inbox
from workflows import options
from workflows.engagement import Engagement, EngagementWorkflow
from workflows.identify_event import IdentifyEventWorkflow
from workflows.search_attributes import of_engagement
from workflows.signals import EventNote

_AT_ONCE = 100
_LOOK_SECONDS = 5.0
_AWAY = (RPCError, OSError)
_log = logging.getLogger("handoff.dispatch")


class Dispatcher:
    """Runs beside the worker; several may run, since rows are claimed."""

    def __init__(self, client: Client, inbox: Inbox, *, looks_every: float = _LOOK_SECONDS) -> None:
        self._client, self._inbox, self._looks_every = client, inbox, looks_every

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Dispatch in the background for as long as the block runs."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        async with self._inbox.listening() as woken:
            while True:
                woken.clear()  # before the look: what comes while it looks wakes it again
                try:
                    while await self.dispatch_waiting():
                        pass
                except Exception as error:  # one that ended would lose everything silently; rows come again
                    _log.warning("dispatching waits: %s", type(error).__name__, exc_info=not isinstance(error, _AWAY))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), self._looks_every)

    async def dispatch_waiting(self) -> int:
        """Hand on what waits; answers how many rows."""
        rows = await self._inbox.waiting(_AT_ONCE)
        said = await asyncio.gather(*(self._hand_on(row) for row in rows), return_exceptions=True)
        failed = [error for error in said if isinstance(error, BaseException)]
        if failed:  # the others are handed on; these stay claimed for a while
            raise failed[0]
        return len(rows)

    async def _hand_on(self, row: InboxRow) -> None:
        if row.contract:
            await start_engagement(self._client, row.contract, row.number)
        else:
            await self._client.start_workflow(
                IdentifyEventWorkflow.run,
                IdentifyEvent(number=row.number),
                id=f"identify_event/{row.number}",
                task_queue=options.WORKFLOWS,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"Which contract is {row.event.object_kind} {row.event.object_id} about?",
            )


async def start_engagement(client: Client, contract: str, number: int) -> None:
    """Signal-with-start: the coordinator hears of the delivery whether or not it runs already."""
    await client.start_workflow(
        EngagementWorkflow.run,
        Engagement(contract=contract),
        id=f"engagement/{contract}",
        task_queue=options.WORKFLOWS,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal="received",
        start_signal_args=[EventNote(number=number)],
        search_attributes=of_engagement(contract, contract),
        static_summary=f"Engagement {contract}",
        static_details="Receives every fact about this contract and runs its handoffs one after another.",
        priority=options.fair(contract),
    )
