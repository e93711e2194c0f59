"""Asks every connected system for a sign of life; the worker does it, since only it holds the credentials."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.check import CheckActivities
    from canonical.connection import Connection
    from workflows import options


@workflow.defn(name="check_systems")
class CheckSystemsWorkflow:
    """One activity that only reads."""

    @workflow.run
    async def run(self) -> list[Connection]:
        """Per capability: works, fails, or is served by nobody."""
        return await workflow.execute_activity_method(
            CheckActivities.check_systems,
            task_queue=options.LEDGER,
            summary="ask every system for a sign of life",
            **options.DRY_RUN,
        )
