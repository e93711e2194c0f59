"""What a customer has with us settles an invoice: a deposit or an unapplied payment is applied in the ERP, once (R101, S13)."""

from pydantic import BaseModel
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.cash import Applied, ApplyToInvoice, CashActivities
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import Subject


class ApplyCreditTo(BaseModel):
    """So much of a source of a system, onto an invoice; ``name`` tells a second application of the same source from the first."""

    system: str
    source_id: str
    invoice: str
    contract: str
    amount: Money
    name: str = ""
    policy_version: str = ""
    actor: str = "handoff"


@workflow.defn(name="apply_credit")
class ApplyCreditWorkflow(Insistent):
    """One application."""

    @workflow.init
    def __init__(self, request: ApplyCreditTo) -> None:
        super().__init__(request.actor)
        self._request = request

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
            priority=options.fair(self._request.contract),
            **options.VENDOR_WRITE,
        )

    def origin(self, step: str, actor: str = "") -> Origin:
        """The invoice that is settled."""
        request = self._request
        return Origin(
            correlation=request.invoice,
            engagement=request.contract,
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            mapping_version=request.policy_version,
        )

    def trouble(self) -> Subject:
        """Its money waits."""
        return Subject("cash_application", project=self._request.contract, money=self._request.amount)
