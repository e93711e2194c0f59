"""A decision on recorded work has the entry read and judged again: no workflow waits for it, so one is started, once."""

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from canonical.exception import Case
from canonical.time_entry import record_named

STEP = "take_in_time"
_WORKFLOW, _QUEUE = "bill_time", "workflows"


async def look_again(client: Client, case: Case) -> bool:
    """Whether it was started now; an exception that is of no entry, or that a workflow waits for, has nothing to look at."""
    if case.workflow_id or case.step != STEP:
        return False
    system, is_expense, number = record_named(case.subject)
    try:
        await client.start_workflow(
            _WORKFLOW,
            {"system": system, "expenses" if is_expense else "time": [number]},
            id=f"bill_time/{system}/again/{case.number}",
            task_queue=_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"{case.code} of {case.subject} was decided",
        )
    except WorkflowAlreadyStartedError:
        return False
    return True
