"""A customer pays in advance: the ERP holds it as a liability until it is applied (R97)."""

from datetime import date

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.cash import CashActivities, DepositTaken, TakeDeposit
    from workflows import options
    from workflows.moving_cash import Movement, MovingCash


class TakeDepositOf(Movement):
    """The advance, under a reference of its own: asked again, it is taken once."""

    reference: str
    on: date


@workflow.defn(name="take_deposit")
class TakeDepositWorkflow(MovingCash):
    """One advance."""

    @workflow.init
    def __init__(self, request: TakeDepositOf) -> None:
        super().__init__(request, request.reference)

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
