"""Workflows that people start: once under their name, awaited until they end or wait for people, their failures in words."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import Priority, TypedSearchAttributes, WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from canonical.errors import Misconfigured
from operations.answers import said_by
from operations.waiting import waits_for_people
from workflows import options

_PAUSE_SECONDS = 0.2
_SHORT = timedelta(minutes=3)

Handle = WorkflowHandle[Any, Any]


@dataclass(frozen=True)
class Engine:
    """Temporal, as desks use it; an office that was opened without it can still read."""

    connection: Client | None = None

    @property
    def client(self) -> Client:
        """Refused where there is none."""
        if self.connection is None:
            raise Misconfigured("This needs Temporal", remedy="Start it with `handoff up`, or set HANDOFF_TEMPORAL__ADDRESS.")
        return self.connection

    async def started(
        self,
        run: Any,
        request: Any,
        workflow_id: str,
        *,
        attributes: TypedSearchAttributes = TypedSearchAttributes.empty,
        summary: str = "",
        lane: Priority = options.NORMAL,
    ) -> Handle:
        """The one of that name: the one that runs, or a new one."""
        return await self.client.start_workflow(
            run,
            args=[] if request is None else [request],
            id=workflow_id,
            task_queue=options.WORKFLOWS,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=attributes,
            static_summary=summary or workflow_id,
            priority=lane,
        )

    async def answered(self, run: Any, request: Any, name: str) -> Any:
        """What a short workflow answers to somebody who waits at a prompt."""
        try:
            return await self.client.execute_workflow(
                run,
                args=[] if request is None else [request],
                id=f"{name}/{uuid4().hex[:8]}",
                task_queue=options.WORKFLOWS,
                priority=options.URGENT,
                run_timeout=_SHORT,
            )
        except WorkflowFailureError as error:
            raise said_by(error) from error


async def result_of(handle: Handle) -> Any:
    """Its result, or its failure under its own name."""
    try:
        return await handle.result()
    except WorkflowFailureError as error:
        raise said_by(error) from error


async def within(handle: Handle, patience: timedelta | None = None) -> Any:
    """Its result; none while it waits for people, or where it takes longer than that."""
    result = asyncio.ensure_future(result_of(handle))
    deadline = asyncio.get_running_loop().time() + patience.total_seconds() if patience else None
    try:
        while deadline is None or asyncio.get_running_loop().time() < deadline:
            done, _ = await asyncio.wait({result}, timeout=_PAUSE_SECONDS)
            if done:
                return result.result()
            if await waits_for_people(handle):
                return None
        return None
    finally:
        result.cancel()
