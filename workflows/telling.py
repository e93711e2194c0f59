"""What the deal and the board say of a handoff as it goes on."""

from functools import partial

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.crm import CrmActivities, Tell
    from activities.engagement import Checkpoint, EngagementActivities
    from canonical.engagement import EngagementStatus
    from canonical.exception import Finding
    from canonical.money import Money
    from canonical.written import Written
    from workflows import options
    from workflows.search_attributes import where
    from workflows.stepwise import Stepwise


class Telling(Stepwise):
    """Base of handoffs that write back to the deal."""

    def __init__(self, contract: str, version: int, actor: str) -> None:
        super().__init__(contract, version, actor)
        self._told = 0

    async def _tell_waiting(self, findings: list[Finding]) -> None:
        if self._judged.deal_id:
            await self._tell(EngagementStatus.WAITING, " ".join(finding.sentence for finding in findings))

    async def _reached(self, status: EngagementStatus, note: str, left_out: Money | None = None) -> None:
        await self._tell(status, note, left_out)
        workflow.upsert_search_attributes(where(status=status.value))
        workflow.set_current_details(self._details(status, note))

    async def _tell(self, status: EngagementStatus, note: str, left_out: Money | None = None) -> None:
        """Write back to the deal where a CRM is there to be told; the board hears it in any case."""
        origin, crm = self.origin("tell_deal"), self._judged.routes.get("crm")
        if crm and self._judged.deal_id:
            self._told += 1
            tell = Tell(
                origin=origin,
                system=crm,
                contract=self._contract,
                version=self._version,
                deal_id=self._judged.deal_id,
                number=self._told,
                occasion=status,
                note=note,
                targets=dict(self._targets),
                left_out=left_out,
            )
            try:
                await self.insisted(partial(_tell_deal, tell), "tell_deal")
                return
            except ApplicationError:
                if status in {EngagementStatus.ACTIVE, EngagementStatus.PARTLY_ACTIVE}:
                    raise  # a handoff that its deal is not to hear of is rejected as a whole
        checkpoint = Checkpoint(
            origin=origin, status=status, version=self._version, note=note, targets=self._targets, left_out=left_out
        )
        await workflow.execute_activity_method(
            EngagementActivities.reach, checkpoint, task_queue=options.LEDGER, summary=status.value, **options.BOOKS
        )

    def _details(self, status: EngagementStatus, note: str) -> str:
        rows = "\n".join(f"| {name} | `{target}` |" for name, target in sorted(self._targets.items()))
        return f"**{status.value}** {note}\n\n| what | id |\n|---|---|\n{rows}"


async def _tell_deal(tell: Tell) -> Written:
    return await workflow.execute_activity_method(
        CrmActivities.tell_deal,
        tell,
        task_queue=options.account(tell.system),
        summary=f"tell the deal: {tell.occasion.value}",
        **options.VENDOR_WRITE,
    )
