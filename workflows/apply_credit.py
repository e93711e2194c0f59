"""What a customer has with us settles an invoice: a deposit or an unapplied payment is applied in the ERP, once (R101, S13)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.cash import Applied, ApplyToInvoice, CashActivities
    from workflows import options
    from workflows.moving_cash import Movement, MovingCash


class ApplyCreditTo(Movement):
    """So much of a source of a system, onto an invoice; ``name`` tells a second application of the same source from the first."""

    system: str
    source_id: str
    invoice: str
    name: str = ""


@workflow.defn(name="apply_credit")
class ApplyCreditWorkflow(MovingCash):
    """One application."""

    @workflow.init
    def __init__(self, request: ApplyCreditTo) -> None:
        super().__init__(request, request.invoice)

    @workflow.run
    async def run(self, request: ApplyCreditTo) -> Applied:
        """Once, whatever becomes of the answer."""
        given = request.model_dump(include={"system", "source_id", "invoice", "amount", "name"})
        asked = ApplyToInvoice(origin=self.origin("apply_to_invoice"), at=workflow.now(), **given)
        applied = await self.insisted(lambda: self._applied(asked), "apply_to_invoice")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return applied

    async def _applied(self, asked: ApplyToInvoice) -> Applied:
        return await workflow.execute_activity_method(
            CashActivities.apply_to_invoice,
            asked,
            task_queue=options.account(asked.system),
            summary=f"{asked.source_id} to {asked.invoice} in {asked.system}",
            priority=options.fair(self._movement.contract),
            **options.VENDOR_WRITE,
        )
