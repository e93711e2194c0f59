"""Workflows that ended by a defect: nobody waits in them any more, so the sweep finds them for an engineer (R142)."""

from collections.abc import AsyncIterator
from datetime import datetime

from pydantic import BaseModel
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError

from canonical.errors import Defect


class Ended(BaseModel):
    """A run that ended so, in the words of its failure."""

    workflow_id: str
    run_id: str
    message: str
    evidence: dict[str, str] = {}

    @property
    def key(self) -> str:
        """Of its exception: once for each run."""
        return f"{Defect.code}/{self.workflow_id}/{self.run_id}"


async def ended_by_defect(client: Client, since: datetime) -> AsyncIterator[Ended]:
    """Those that closed since then; of a child and the parent that failed with it, the child."""
    query = f"ExecutionStatus = 'Failed' AND CloseTime >= '{since.isoformat()}'"
    async for found in client.list_workflows(query):
        cause = await _cause(client, found.id, found.run_id)
        if cause is not None and cause.type == Defect.__name__:
            evidence = cause.details[0].get("evidence", {}) if cause.details else {}
            yield Ended(workflow_id=found.id, run_id=found.run_id, message=cause.message, evidence=evidence)


async def _cause(client: Client, workflow_id: str, run_id: str) -> ApplicationError | None:
    try:
        await client.get_workflow_handle(workflow_id, run_id=run_id).result(follow_runs=False)
    except WorkflowFailureError as error:
        cause = error.cause.cause if isinstance(error.cause, ActivityError) else error.cause
        return cause if isinstance(cause, ApplicationError) else None
    return None
