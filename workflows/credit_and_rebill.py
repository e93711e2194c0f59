"""A credit: proposed, agreed by a second person, made in our ledger and at the ERP; what it re-opens is billed again (R79)."""

import asyncio
from functools import partial

from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.credit_posting import Credited
    from activities.crediting import Proposed
    from canonical.credit import CreditRequest, ProposalState
    from canonical.exception import PROPOSER, Decision, Finding
    from canonical.money import Money
    from workflows import options
    from workflows.credit_steps import CreditSteps
    from workflows.post_charges import begin_posting_everywhere
    from workflows.release_invoice import Released, ReleaseInvoice, ReleaseInvoiceWorkflow
    from workflows.review import REJECTED
    from workflows.saga import shielded


class CreditAndRebill(BaseModel):
    """What is asked for, and by whom."""

    request: CreditRequest
    actor: str = "handoff"


class CreditDone(BaseModel):
    """What became of it: the memo as it stands, and the invoices by which it was billed again."""

    reference: str
    state: ProposalState
    credited: Credited = Credited()
    rebilled: list[str] = []
    note: str = ""


@workflow.defn(name="credit_and_rebill")
class CreditAndRebillWorkflow(CreditSteps):
    """Until a second person agrees nothing is touched; from then on it either stands everywhere or nowhere."""

    @workflow.init
    def __init__(self, request: CreditAndRebill) -> None:
        super().__init__(request.request, request.actor)
        self._done = CreditDone(reference=request.request.reference, state=ProposalState.PROPOSED)

    @workflow.run
    async def run(self, request: CreditAndRebill) -> CreditDone:
        """Propose, agree, credit, bill again."""
        self._proposed = await self.propose()
        if self._proposed.state is ProposalState.PROPOSED and not await self._agreed(self._proposed):
            return self._done
        try:
            await self._credit()
        except (ApplicationError, asyncio.CancelledError, FailureError) as error:
            await shielded(self._conclude(_why(error)))
            if not isinstance(error, ApplicationError) or error.type != REJECTED:
                raise
            return self._done
        await self._rebill()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._done

    @workflow.query
    def proposed(self) -> Proposed | None:
        """What the proposal came to, once it has."""
        return self._proposed

    # The second person.

    async def _agreed(self, proposed: Proposed) -> bool:
        """Whether it may be made; while it waits a cancellation leaves everything as it was."""
        by, note = "policy", "below the amount that needs a second person"
        if proposed.needs_approval:
            try:
                by, note = await self._approved(proposed)
            except (ApplicationError, asyncio.CancelledError) as error:
                return await self._refused(error)
        await self.decide(ProposalState.APPROVED, by, note)
        return True

    async def _approved(self, proposed: Proposed) -> tuple[str, str]:
        origin, self.subject = self.origin("approve_credit"), self.trouble()
        request = self._request
        finding = Finding(
            code="CREDIT_APPROVAL",
            subject=request.reference,
            sentence=f"{self._actor} proposes to credit {proposed.total} of invoice {request.invoice}: {request.reason}",
            remedy="Look at it (`handoff credit show`), then approve or reject it; who proposed it cannot approve it.",
            money=proposed.total,
            evidence={PROPOSER: self._actor, "invoice": request.invoice, "reason": request.reason[:250]},
        )
        while True:
            for _, answer in await self.reviewed(origin, [finding], status=None):
                if answer.decision is Decision.OVERRIDE:
                    return answer.approved_by or answer.actor, answer.reason

    async def _refused(self, error: BaseException) -> bool:
        why = _why(error)
        if isinstance(error, ApplicationError) and error.type == REJECTED:
            by = str(error.details[0].get("actor", "")) if error.details and isinstance(error.details[0], dict) else ""
            await self.decide(ProposalState.REJECTED, by, why)
            self._done = self._done.model_copy(update={"state": ProposalState.REJECTED, "note": why})
            return False
        await shielded(self._given_up(why))
        raise error

    async def _given_up(self, why: str) -> None:
        await self.decide(ProposalState.WITHDRAWN, "", why)
        await self.leave(why)

    # The credit itself.

    async def _credit(self) -> None:
        await self.insisted(self.make, "make_credit")
        credited = await self.insisted(self.post, "post_credit_memo")
        self._done = self._done.model_copy(update={"state": ProposalState.POSTED, "credited": credited})
        if self.at.tax_system:
            await self.insisted(self.record_tax, "record_credit_tax")

    async def _conclude(self, why: str) -> None:
        """It stands everywhere or nowhere; what was kept for its own run is open to any."""
        await self.leave(why)
        concluded = await self.insisted(lambda: self.concluded(why), "conclude_credit")
        await self.free()
        self._done = self._done.model_copy(update={"state": concluded.state, "credited": concluded, "note": why})

    # Billed again.

    async def _rebill(self) -> None:
        left = self._done.credited.open
        if self._request.rebill is None:
            if left is not None and not left.is_zero:
                await self._task(left)
            return
        try:
            released = await self._billed_again()
        except (ApplicationError, asyncio.CancelledError, FailureError) as error:
            await shielded(self.free())
            if not isinstance(error, ApplicationError) or error.type != REJECTED:
                raise
            self._done = self._done.model_copy(update={"note": _why(error)})
            return
        self._done = self._done.model_copy(update={"rebilled": sorted(released.posted)})
        if self._request.rebill.at_current_rates and workflow.patched("charges say what was rated again"):
            await begin_posting_everywhere(self, self._actor)
        await self._settle_up(released)

    async def _billed_again(self) -> Released:
        rebill = self._request.rebill
        customer = ""
        if rebill is not None and rebill.bill_to is not None:
            customer = await self.insisted(self.bill_to, "find_bill_to")
        request = ReleaseInvoice(
            contract=self.at.contract,
            run=self.run_name,
            through=self.at.accounting_date,
            actor=self._actor,
            rebills=self._request.reference,
            customer_id=customer,
        )
        return await workflow.execute_child_workflow(
            ReleaseInvoiceWorkflow.run,
            request,
            id=f"release_invoice/{self.at.contract}/{self.run_name}",
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,  # invoices that are under way come to their own end
            cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
            static_summary=f"Bill again what credit {self._request.reference} re-opened",
            priority=options.fair(self.at.contract),
        )

    async def _settle_up(self, released: Released) -> None:
        """What the customer has left settles its own new invoice; another customer's only when a person agrees (S07)."""
        left = self._done.credited.open
        if left is None or left.is_zero:
            return
        bill_to = self._request.rebill.bill_to if self._request.rebill else None
        if bill_to is None or bill_to.reference == self.at.customer:
            for name in sorted(released.posted):
                credited = await self.insisted(lambda name=name: self.apply(name), f"apply_credit_{name}")  # type: ignore[misc]
                self._done = self._done.model_copy(update={"credited": credited})
            left = self._done.credited.open
        elif released.posted:
            owed = Money.sum((one.total for one in released.posted.values()), left.currency)
            moved = min(left, owed)
            if workflow.patched("agreed transfers are made"):
                await self._transfer(moved, left - moved, bill_to.reference, released)
                return
            await self._ask_to_transfer(moved, bill_to.reference, sorted(released.posted))
            left = left - moved
        if left is not None and not left.is_zero:
            await self._task(left)

    async def _transfer(self, moved: Money, left: Money, to: str, released: Released) -> None:
        """What nobody owes is a task at once; the rest is transferred once a second person agrees, else it is a task as well."""
        if not left.is_zero:
            await self._task(left)
        if not await self._may_transfer(moved, to, released):
            await self._task(moved, "not transferred")
            return
        for name, posted in sorted(released.posted.items()):
            part = min(moved, posted.total)
            if part.is_zero:
                break
            credited = await self.insisted(partial(self.transfer, name, part), f"transfer_credit_{name}")
            self._done, moved = self._done.model_copy(update={"credited": credited}), moved - part

    async def _may_transfer(self, moved: Money, to: str, released: Released) -> bool:
        self.subject = self.trouble()
        finding = self._transfer_finding(moved, to, sorted(released.posted))
        try:
            while True:
                for _, answer in await self.reviewed(self.origin("credit_transfer"), [finding], status=None):
                    if answer.decision is Decision.OVERRIDE:
                        return True
        except ApplicationError as error:
            if error.type != REJECTED:
                raise
            await self.leave("It is not transferred.")
            return False

    async def _task(self, left: Money, apart: str = "") -> None:
        """What is left is the customer's: finance refunds it or leaves it on account; nothing here waits for that."""
        self.subject = self.trouble()
        finding = Finding(
            code="CUSTOMER_CREDIT",
            subject=" ".join(filter(None, (self._request.reference, apart))),
            sentence=f"{left} of credit {self._done.credited.number or self._request.reference} settles nothing.",
            remedy="Refund it, or leave it on the customer's account for the next invoice; then settle.",
            money=left,
            evidence={"customer": self.at.customer, "credit_memo": self._done.credited.target_id},
        )
        await self.open_only(self.origin("customer_credit"), [finding])

    async def _ask_to_transfer(self, moved: Money, to: str, invoices: list[str]) -> None:
        """As earlier releases did, which left it to accounting."""
        self.subject = self.trouble()
        await self.open_only(self.origin("credit_transfer"), [self._transfer_finding(moved, to, invoices)])

    def _transfer_finding(self, moved: Money, to: str, invoices: list[str]) -> Finding:
        """One customer's money settles another's invoice only by a decision of two people."""
        return Finding(
            code="CREDIT_TRANSFER",
            subject=self._request.reference,
            sentence=f"{moved} that {self.at.customer} has left could settle what {to} owes.",
            remedy="Have both customers agree, then override: it is transferred in the ERP. Reject, and it stays credit.",
            money=moved,
            evidence={PROPOSER: self._actor, "from": self.at.customer, "to": to, "invoices": ", ".join(invoices)},
        )


def _why(error: BaseException) -> str:
    return (error.message if isinstance(error, FailureError) else "It was cancelled.")[:250]
