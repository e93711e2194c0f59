"""A billing run of one contract: what is open becomes invoices, each taxed, judged at the control point, posted (R84, R150)."""

from datetime import date

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.claiming import ClaimActivities, ClaimRun, Run
    from activities.invoicing import GiveUpInvoice, InvoicingActivities, Posted, PostInvoice, VoidTax
    from activities.release import Completed, CompleteDocument, ReleaseActivities, WithdrawDocument
    from canonical.billable import BillableKind
    from canonical.exception import Decision, Finding
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import REJECTED, Subject
    from workflows.saga import together

_RECEIVABLES, _TAX = "receivables", "tax"


class ReleaseInvoice(BaseModel):
    """Bill a contract through a day (that day included); ``run`` names the run: asked again, it makes nothing new.

    ``rebills`` names a credit whose re-opened items are billed again, and nothing else; ``customer_id`` is its other bill-to.
    """

    contract: str
    run: str
    through: date
    kinds: tuple[BillableKind, ...] = ()
    actor: str = "handoff"
    rebills: str = ""
    customer_id: str = ""


class Released(BaseModel):
    """What a run came to: invoices by our reference, those that were withdrawn instead, what waits for room."""

    posted: dict[str, Posted] = {}
    withdrawn: list[str] = []
    waiting: list[str] = []


@workflow.defn(name="release_invoice")
class ReleaseInvoiceWorkflow(Insistent):
    """Documents do not wait for each other: one that is held keeps no other back (R99)."""

    @workflow.init
    def __init__(self, request: ReleaseInvoice) -> None:
        super().__init__(request.actor)
        self._request = request
        self._run = Run()
        self._released = Released()
        self._totals: dict[str, Money] = {}

    @workflow.run
    async def run(self, request: ReleaseInvoice) -> Released:
        """Claim, then every document by itself."""
        self._run = await self.insisted(self._claim, "claim_run")
        if self._run.findings:
            await self._tell(self._run.findings)
        await together(*(self._document(reference) for reference in self._run.documents))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._released

    async def _document(self, reference: str) -> None:
        try:
            completed = await self._completed(reference)
            await self._pass_control_point(reference, completed)
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            await self._withdraw(reference, error.message)
            return
        await self._post(reference)

    async def _completed(self, reference: str) -> Completed:
        """With its taxes and exchange rate; what hinders it waits for a person, then it is looked at anew."""
        origin, asked = self.origin(f"complete {reference}"), list[Finding]()
        while True:
            seen = self.desk.changes
            completed = await self.insisted(lambda: self._complete(reference), f"complete_{reference}")
            gone = [one for one in asked if one.code not in {found.code for found in completed.findings}]
            if gone:
                await self.resolved(origin, gone, "It no longer holds.")
            self._totals[reference] = completed.total
            if not completed.findings:
                return completed
            asked, self.subject = completed.findings, self.trouble()
            await self.reviewed(origin, asked, status=None, seen=seen)

    async def _pass_control_point(self, reference: str, completed: Completed) -> None:
        """Above the firm's threshold a person releases it; to reject withdraws it, and its items are open again."""
        if not completed.needs_release:
            return
        origin, self.subject = self.origin(f"release {reference}"), self.trouble()
        finding = Finding(
            code="INVOICE_RELEASE",
            subject=reference,
            sentence=f"Invoice {reference} over {completed.total} waits to be released.",
            remedy="Look at it (`handoff invoice show`), then override to release it, or reject to withdraw it.",
            money=completed.total,
        )
        while True:
            answers = await self.reviewed(origin, [finding], status=None)
            if any(answer.decision is Decision.OVERRIDE for _, answer in answers):
                return

    async def _post(self, reference: str) -> None:
        routes, targets = self._run.routes, self._run.targets
        request = PostInvoice(
            origin=self.origin(f"post {reference}"), reference=reference, system=routes.get(_RECEIVABLES) or "", targets=targets
        )
        posted = await self._posted_unless_rejected(request)
        if posted is None:
            self._released.withdrawn.append(reference)
            return
        self._released.posted[reference] = posted
        if routes.get(_TAX):
            taxed = request.model_copy(update={"origin": self.origin(f"tax {reference}"), "system": routes[_TAX]})
            await self.insisted(lambda: self._tax_recorded(taxed), f"tax_{reference}")

    async def _posted_unless_rejected(self, request: PostInvoice) -> Posted | None:
        """What the ERP refused and a person then rejects is withdrawn, and its items are open again; what it posted stays."""
        step = f"post_{request.reference}"
        try:
            return await self.insisted(lambda: self._posted(request), step)
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            wish = GiveUpInvoice(posting=request, reason=error.message[:250])
        if await self.insisted(lambda: self._given_up(wish), f"give_up_{request.reference}"):
            return None
        return await self.insisted(lambda: self._posted(request), step)

    async def _claim(self) -> Run:
        request = ClaimRun(
            origin=self.origin("claim_run"),
            **self._request.model_dump(include={"contract", "run", "through", "kinds", "rebills", "customer_id"}),
        )
        return await workflow.execute_activity_method(
            ClaimActivities.claim_run,
            request,
            task_queue=options.LEDGER,
            summary=f"claim what is open of {self._request.contract} through {self._request.through}",
            priority=options.fair(self._request.contract, urgent=True),
            **options.READ,
        )

    async def _complete(self, reference: str) -> Completed:
        request = CompleteDocument(
            origin=self.origin(f"complete {reference}"), reference=reference, tax_system=self._run.routes.get(_TAX) or ""
        )
        return await workflow.execute_activity_method(
            ReleaseActivities.complete_document,
            request,
            task_queue=options.LEDGER,
            summary=f"retainers, accounts and tax of {reference}",
            priority=options.fair(self._request.contract, urgent=True),
            **options.READ,
        )

    async def _posted(self, request: PostInvoice) -> Posted:
        return await workflow.execute_activity_method(
            InvoicingActivities.post_invoice,
            request,
            task_queue=options.account(request.system),
            summary=f"invoice {request.reference} in {request.system}",
            priority=options.fair(self._request.contract, urgent=True),
            **options.VENDOR_WRITE,
        )

    async def _given_up(self, wish: GiveUpInvoice) -> bool:
        posting = wish.posting
        return await workflow.execute_activity_method(
            InvoicingActivities.give_up_invoice,
            wish,
            task_queue=options.account(posting.system),
            summary=f"withdraw {posting.reference}, which {posting.system} did not post",
            priority=options.fair(self._request.contract, urgent=True),
            **options.VENDOR_WRITE,
        )

    async def _tax_recorded(self, request: PostInvoice) -> object:
        return await workflow.execute_activity_method(
            InvoicingActivities.record_tax,
            request,
            task_queue=options.account(request.system),
            summary=f"tax of {request.reference} in {request.system}",
            priority=options.fair(self._request.contract, urgent=True),
            **options.VENDOR_WRITE,
        )

    async def _tax_voided(self, reference: str, why: str) -> object:
        system = self._run.routes.get(_TAX) or ""
        request = VoidTax(origin=self.origin(f"void tax {reference}"), reference=reference, system=system, reason=why)
        return await workflow.execute_activity_method(
            InvoicingActivities.void_tax,
            request,
            task_queue=options.account(system),
            summary=f"no tax of {reference} in {system}",
            priority=options.fair(self._request.contract),
            **options.VENDOR_WRITE,
        )

    async def _withdraw(self, reference: str, why: str) -> None:
        await workflow.execute_activity_method(
            ReleaseActivities.withdraw_document,
            WithdrawDocument(origin=self.origin(f"withdraw {reference}"), reference=reference, reason=why[:250]),
            task_queue=options.LEDGER,
            summary=f"withdraw {reference}",
            **options.BOOKS,
        )
        if self._run.routes.get(_TAX):
            await self.insisted(lambda: self._tax_voided(reference, why[:250]), f"void_tax_{reference}")
        self._released.withdrawn.append(reference)

    async def _tell(self, findings: list[Finding]) -> None:
        """What found no room is work for people; the run does not wait for it, the next one bills it."""
        self.subject = self.trouble()
        await self.open_only(self.origin("claim_run"), findings)
        self._released.waiting += [f"{finding.code} {finding.subject}" for finding in findings]

    def at_stake(self, name: str) -> Money | None:
        """What the document comes to whose step it is: complete_C-100.2026-04, post_C-100.2026-04."""
        return self._totals.get(name.partition("_")[2])

    def origin(self, step: str, actor: str = "") -> Origin:
        """Every step of a run has the run's correlation."""
        request = self._request
        return Origin(
            correlation=f"{request.contract}.{request.run}",
            engagement=request.contract,
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            mapping_version=self._run.policy_version,
        )

    def trouble(self) -> Subject:
        """The invoice is what waits; the engagement goes on."""
        return Subject("invoice_release", self._run.entity, self._run.customer, self._request.contract)
