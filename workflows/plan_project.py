"""A dry run of a handoff: the worker reads and plans, since only it holds the systems' credentials; nothing is touched."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.plan import ActivationPlan, PlanActivation, PlanActivities
    from workflows import options


@workflow.defn(name="plan_project")
class PlanProjectWorkflow:
    """One activity that only reads."""

    @workflow.run
    async def run(self, request: PlanActivation) -> ActivationPlan:
        """What provision_project would create or change."""
        return await workflow.execute_activity_method(
            PlanActivities.plan_activation,
            request,
            task_queue=options.LEDGER,
            summary=f"plan {request.contract}",
            **options.DRY_RUN,
        )
