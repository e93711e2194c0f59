"""A customer pays in advance: the ERP holds it as a liability until it is applied (R97)."""

from datetime import date

from pydantic import BaseModel
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.cash import CashActivities, DepositTaken, TakeDeposit
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import Subject


class TakeDepositOf(BaseModel):
    """The advance, under a reference of its own: asked again, it is taken once."""

    contract: str
    reference: str
    amount: Money
    on: date
    policy_version: str = ""
    actor: str = "handoff"


@workflow.defn(name="take_deposit")
class TakeDepositWorkflow(Insistent):
    """One advance."""

    @workflow.init
    def __init__(self, request: TakeDepositOf) -> None:
        super().__init__(request.actor)
        self._request = request

    @workflow.run
    async def run(self, request: TakeDepositOf) -> DepositTaken:
        """Once, whatever becomes of the answer."""
        at = workflow.now()
        asked = TakeDeposit(
            origin=self.origin("take_deposit"), at=at, **request.model_dump(include={"contract", "reference", "amount", "on"})
        )
        taken = await self.insisted(lambda: self._taken(asked), "take_deposit")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return taken

    async def _taken(self, asked: TakeDeposit) -> DepositTaken:
        return await workflow.execute_activity_method(
            CashActivities.take_deposit,
            asked,
            task_queue=options.LEDGER,
            summary=f"deposit {asked.reference} of {asked.contract}",
            priority=options.fair(asked.contract),
            **options.VENDOR_WRITE,
        )

    def origin(self, step: str, actor: str = "") -> Origin:
        """The contract that is paid for in advance."""
        request = self._request
        return Origin(
            correlation=request.reference,
            engagement=request.contract,
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            mapping_version=request.policy_version,
        )

    def trouble(self) -> Subject:
        """Its money waits."""
        return Subject("cash_application", project=self._request.contract, money=self._request.amount)
