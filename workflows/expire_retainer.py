"""A retainer expired with something left: a person decides, a second one agrees, and only then it becomes breakage (S09)."""

from datetime import date

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.breakage import Break, BreakageActivities, Broken, Expired, JudgeExpiry
    from canonical.exception import Decision, Settlement
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import REJECTED, Subject


class ExpireRetainer(BaseModel):
    """The retainer, and the day on which it was found expired."""

    contract: str
    name: str
    on: date
    actor: str = "handoff"


class RetainerExpired(BaseModel):
    """What became breakage; nothing where it stays the customer's, or is extended."""

    broken: Money | None = None
    journal: str = ""


@workflow.defn(name="expire_retainer")
class ExpireRetainerWorkflow(Insistent):
    """One retainer and one day of expiry."""

    @workflow.init
    def __init__(self, request: ExpireRetainer) -> None:
        super().__init__(request.actor)
        self._request = request
        self._expired = Expired()

    @workflow.run
    async def run(self, request: ExpireRetainer) -> RetainerExpired:
        """Judge it, wait for people, book what they approved."""
        try:
            approved = await self._approved()
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            await self.leave("It was decided that it stays the customer's.")
            return RetainerExpired()
        broken = await self.insisted(lambda: self._broken(approved), "break_unused") if approved else None
        await workflow.wait_condition(workflow.all_handlers_finished)
        return RetainerExpired(broken=broken.amount, journal=broken.journal) if broken else RetainerExpired()

    async def _approved(self) -> Settlement | None:
        """The decision to break it; none once there is nothing to decide any more."""
        origin = self.origin("judge_expiry")
        while True:
            seen = self.desk.changes
            self._expired = await self.insisted(self._judged, "judge_expiry")
            if not self._expired.findings:
                return None
            self.subject = self.trouble()
            for _, answer in await self.reviewed(origin, self._expired.findings, status=None, seen=seen):
                if answer.decision is Decision.OVERRIDE:
                    return answer

    async def _judged(self) -> Expired:
        request = JudgeExpiry(origin=self.origin("judge_expiry"), **self._request.model_dump(include={"contract", "name", "on"}))
        return await workflow.execute_activity_method(
            BreakageActivities.judge_expiry,
            request,
            task_queue=options.LEDGER,
            summary=f"retainer {self._request.name} of {self._request.contract} on {self._request.on}",
            **options.READ,
        )

    async def _broken(self, approved: Settlement) -> Broken:
        request = Break(
            origin=self.origin("break_unused", approved.actor),
            **self._request.model_dump(include={"contract", "name", "on"}),
            system=self._expired.system,
            approved_by=approved.approved_by or approved.actor,
        )
        return await workflow.execute_activity_method(
            BreakageActivities.break_unused,
            request,
            task_queue=options.account(self._expired.system),
            summary=f"breakage of retainer {self._request.name}",
            priority=options.fair(self._request.contract),
            **options.VENDOR_WRITE,
        )

    def origin(self, step: str, actor: str = "") -> Origin:
        """By contract and retainer."""
        request = self._request
        return Origin(
            correlation=f"{request.contract}.{request.name}.breakage",
            engagement=request.contract,
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            mapping_version=self._expired.policy_version,
        )

    def trouble(self) -> Subject:
        """The retainer waits, the engagement goes on."""
        expired = self._expired
        return Subject("billing_eligibility", expired.entity, expired.customer, self._request.contract, expired.left)
