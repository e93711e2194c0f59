"""Where a month of an entity stands: the worker reads ledger and ERP, nothing is touched."""

from datetime import date

from pydantic import BaseModel
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.closing import CloseActivities, CloseMonth
    from canonical.closing import Readiness
    from canonical.provenance import Origin
    from workflows import options


class JudgeClose(BaseModel):
    """A month of an entity, by its first day."""

    entity: str
    start: date
    actor: str = "handoff"


@workflow.defn(name="judge_close")
class JudgeCloseWorkflow:
    """Short: who asks waits for it."""

    @workflow.run
    async def run(self, request: JudgeClose) -> Readiness:
        """One reading."""
        origin = Origin(
            correlation=f"{request.entity}.{request.start:%Y-%m}",
            engagement="",
            actor=request.actor,
            workflow=workflow.info().workflow_id,
            step="judge_close",
        )
        return await workflow.execute_activity_method(
            CloseActivities.judge_close,
            CloseMonth(origin=origin, entity=request.entity, start=request.start),
            task_queue=options.LEDGER,
            summary=f"readiness of {request.entity}, {request.start:%Y-%m}",
            **options.DRY_RUN,
        )
