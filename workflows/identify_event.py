"""A delivery that does not say which contract it is about: its record is re-read, then it is handed on or parked."""

from pydantic import BaseModel
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.fact import FactActivities, IdentifyEvent
    from workflows import options


class Identified(BaseModel):
    """Which contract it is about; none when nobody can say."""

    contract: str | None


@workflow.defn(name="identify_event")
class IdentifyEventWorkflow:
    """One re-read; the activity hands the delivery on itself."""

    @workflow.run
    async def run(self, request: IdentifyEvent) -> Identified:
        """Ask the ledger's bindings, then the system the delivery came from."""
        contract = await workflow.execute_activity_method(
            FactActivities.identify_event,
            request,
            task_queue=options.LEDGER,
            summary="which contract is it about?",
            **options.READ,
        )
        return Identified(contract=contract)
