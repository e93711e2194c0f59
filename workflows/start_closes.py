"""The calendar starts closes: every month of every entity whose closing day has come and whose close nobody has begun (R82)."""

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.closing import CloseActivities, DueClose
    from workflows import options
    from workflows.close_period import ClosePeriod, ClosePeriodWorkflow


class ClosesStarted(BaseModel):
    """The closes that were begun now, by workflow id."""

    started: list[str] = []


@workflow.defn(name="start_closes")
class StartClosesWorkflow:
    """Runs on a schedule with catch-up: what an outage kept from being begun is begun by the next round."""

    @workflow.run
    async def run(self) -> ClosesStarted:
        """Each close goes on by itself."""
        due = await workflow.execute_activity_method(
            CloseActivities.due_closes, task_queue=options.LEDGER, summary="which months are due", **options.READ
        )
        begun = [await _begun(one) for one in due]
        return ClosesStarted(started=[name for name in begun if name])


async def _begun(due: DueClose) -> str:
    name = f"close_period/{due.entity}/{due.start:%Y-%m}"
    try:
        await workflow.start_child_workflow(
            ClosePeriodWorkflow.run,
            ClosePeriod(entity=due.entity, start=due.start),
            id=name,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"Close {due.entity} for {due.start:%Y-%m}",
        )
    except WorkflowAlreadyStartedError:
        return ""
    return name
