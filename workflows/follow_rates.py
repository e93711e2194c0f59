"""A rate card was imported: work done at an older rate is rated again, billed as a difference, or credited (R56, S05)."""

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.rate_change import FollowRates, RateChange, RateChangeActivities
    from canonical.credit import CreditRequest
    from canonical.exception import Finding
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows import options
    from workflows.credit_and_rebill import CreditAndRebill, CreditAndRebillWorkflow
    from workflows.insistent import Insistent
    from workflows.post_charges import begin_posting_everywhere
    from workflows.review import Subject


class RatesImported(BaseModel):
    """A version of a rate card, and one contract that it concerns."""

    contract: str
    card: str
    version: int
    actor: str = "handoff"


class RatesFollowed(BaseModel):
    """What came of it; each credit goes its own way, past a second person where policy wants one."""

    contract: str
    rated_again: int = 0
    deltas: int = 0
    delta: Money | None = None
    credits: list[str] = []
    findings: list[Finding] = []


@workflow.defn(name="follow_rates")
class FollowRatesWorkflow(Insistent):
    """Asked again for the same version, it finds nothing that differs and makes nothing new."""

    @workflow.init
    def __init__(self, request: RatesImported) -> None:
        super().__init__(request.actor)
        self._request = request
        self._change = RateChange()

    @workflow.run
    async def run(self, request: RatesImported) -> RatesFollowed:
        """Follow the card, tell people what has no price, and start the credits."""
        self._change = change = await self.insisted(self._followed, "follow_rates")
        self.subject = self.trouble()
        if change.findings:
            await self.open_only(self.origin("follow_rates"), change.findings)
        if change.sound:
            healed = [Finding(code="RATE_ZERO", sentence="", remedy="", subject=name) for name in change.sound]
            await self.resolved(self.origin("follow_rates"), healed, "The work has a price now.")
        if change.rated_again and workflow.patched("charges say what was rated again"):
            await begin_posting_everywhere(self, self._actor)
        for credit in change.credits:
            await self._start(credit)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return RatesFollowed(
            contract=request.contract,
            credits=[one.reference for one in change.credits],
            **change.model_dump(include={"rated_again", "deltas", "delta", "findings"}),
        )

    async def _followed(self) -> RateChange:
        request = FollowRates(
            origin=self.origin("follow_rates"), **self._request.model_dump(include={"contract", "card", "version"})
        )
        return await workflow.execute_activity_method(
            RateChangeActivities.follow_rates,
            request,
            task_queue=options.LEDGER,
            summary=f"what {self._request.card} version {self._request.version} changes of {self._request.contract}",
            priority=options.fair(self._request.contract),
            **options.READ,
        )

    async def _start(self, credit: CreditRequest) -> None:
        """A credit waits for people longer than this import; one of that name that runs is the very same."""
        try:
            await workflow.start_child_workflow(
                CreditAndRebillWorkflow.run,
                CreditAndRebill(request=credit, actor=self._actor),
                id=f"credit_and_rebill/{credit.reference}",
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary=f"Credit of {credit.invoice}",
                priority=options.fair(self._request.contract),
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("credit %s is under way", credit.reference)

    def origin(self, step: str, actor: str = "") -> Origin:
        """The version of the card is what everything here belongs to."""
        request = self._request
        return Origin(
            correlation=f"{request.card}.v{request.version}",
            engagement=request.contract,
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            rate_version=f"{request.card}.v{request.version}",
        )

    def trouble(self) -> Subject:
        """The work waits, not the engagement."""
        return Subject("billing_eligibility", self._change.entity, self._change.customer, self._request.contract)
