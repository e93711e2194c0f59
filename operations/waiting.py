"""Whether a workflow waits for people: its worker says so, and one that is away for a moment says nothing yet."""

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

_ANSWERS = timedelta(seconds=5)


async def waits_for_people(handle: "WorkflowHandle[Any, Any]") -> bool:
    """Looked at again and again by those who wait for an outcome; what the engine does not know is still an error."""
    try:
        return bool(await handle.query("waits_for", result_type=list[int], rpc_timeout=_ANSWERS))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise
        return False
