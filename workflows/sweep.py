"""The watchman's round: poll what has no events, heal what was missed, raise what is overdue (DESIGN 6)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.sweep import SweepActivities, Swept
    from workflows import options


@workflow.defn(name="sweep")
class SweepWorkflow:
    """Runs on a schedule with catch-up; running it twice changes nothing."""

    @workflow.run
    async def run(self) -> Swept:
        """Polling first: what it finds may be what was missed."""
        polled = await workflow.execute_activity_method(
            SweepActivities.poll_sources, task_queue=options.LEDGER, summary="ask every source what changed", **options.SWEEP
        )
        swept = await workflow.execute_activity_method(
            SweepActivities.heal_and_raise, task_queue=options.LEDGER, summary="heal, raise, escalate", **options.SWEEP
        )
        await workflow.execute_activity_method(
            SweepActivities.tell_decisions_again, task_queue=options.LEDGER, summary="tell decisions again", **options.SWEEP
        )
        stuck = await workflow.execute_activity_method(
            SweepActivities.raise_stuck, task_queue=options.LEDGER, summary="workflows that stand still", **options.SWEEP
        )
        return swept.model_copy(update={"polled": polled, "stuck": stuck})
