"""A change that would break running workflows, planted to see that the replay finds it."""

from datetime import timedelta

from temporalio import workflow


@workflow.defn(name="check_systems")
class WaitsFirst:
    """The product's check_systems asks at once; this one waits a moment before, as somebody may think harmless."""

    @workflow.run
    async def run(self) -> list[str]:
        await workflow.sleep(timedelta(seconds=1))
        answers: list[str] = await workflow.execute_activity(
            "check_systems", task_queue="ledger", start_to_close_timeout=timedelta(minutes=1)
        )
        return answers
