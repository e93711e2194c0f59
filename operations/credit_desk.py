"""What people ask of credits: propose one, see what waits, approve or reject it; who proposed it never approves it (R79, R80)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from canonical.credit import CreditProposal, CreditRequest, ProposalState
from canonical.errors import KeyReusedWithDifferentContent, NotFound, Rejected
from canonical.exception import Case, CaseState, Decision
from canonical.schema import Part
from ledger.books import Books
from ledger.exceptions import CaseFilter
from operations.asked import Settled
from operations.engine import Engine, Handle, within
from operations.permission import needs
from operations.settlement import Settlements
from policies.access import Permission
from policies.firm import Policies
from workflows import options
from workflows.credit_and_rebill import CreditAndRebill, CreditAndRebillWorkflow
from workflows.search_attributes import of_engagement

APPROVAL = "CREDIT_APPROVAL"
_ALIVE = {ProposalState.PROPOSED, ProposalState.APPROVED}


class CreditStory(Part):
    """A proposal with the exceptions that wait about it."""

    proposal: CreditProposal
    waiting: tuple[Case, ...] = ()


@dataclass(frozen=True)
class CreditDesk:
    """Credits, for any surface."""

    engine: Engine
    books: Books
    policies: Policies
    settlements: Settlements
    patience: timedelta = timedelta(seconds=60)

    async def request(self, invoice: str, *, reference: str = "", **asked: Any) -> CreditRequest:
        """What somebody asks for (the fields of CreditRequest), of an invoice by our reference or by its number.

        Without a reference it bears that of the very same credit that waits, else the invoice's next.
        """
        document = await self.books.billing.documents.named(invoice)
        if document is None:
            raise NotFound(f"There is no invoice {invoice}", remedy="Take its number from `handoff billing show CONTRACT`.")
        request = CreditRequest(reference=reference or "unnamed", invoice=document.reference, **asked)
        named = reference or await self.reference_for(document.reference, request)
        return request.model_copy(update={"reference": named})

    async def reference_for(self, invoice: str, request: CreditRequest) -> str:
        """The name of a credit that bears none: that of the very same one that waits, else the invoice's next."""
        known = await self.books.billing.credit_proposals.list(invoice=invoice)
        for one in known:
            same = one.request.model_copy(update={"reference": request.reference})
            if one.state in _ALIVE and same == request:
                return one.request.reference
        return f"{invoice}.CR{len(known) + 1}"

    @needs(Permission.CREDIT)
    async def propose(self, request: CreditRequest, *, actor: str) -> CreditProposal:
        """Ask for a credit; what cannot be credited is refused here. The same request again is the one that is known."""
        await within(await self._started(request, actor), self.patience)
        proposal = await self.books.billing.credit_proposals.read(request.reference)
        if proposal.request != request:
            raise KeyReusedWithDifferentContent(
                f"Credit {request.reference} was proposed before, and of something else.",
                remedy="Give this credit a reference of its own.",
            )
        return proposal

    async def proposals(self, *, contract: str = "", with_decided: bool = False) -> Sequence[CreditProposal]:
        """What waits, or all there were."""
        return await self.books.billing.credit_proposals.list(contract=contract, waiting=not with_decided)

    async def show(self, reference: str) -> CreditStory:
        """One proposal, and what waits about it."""
        proposal = await self.books.billing.credit_proposals.read(reference)
        return CreditStory(proposal=proposal, waiting=tuple(await self._cases(proposal)))

    async def approve(self, reference: str, *, actor: str, reason: str = "") -> CreditProposal:
        """The second pair of eyes: the credit is made, posted, and billed again where that was asked for."""
        case = await self._case(reference)
        settled = await self._agreed(case, actor, reason)
        return await self._after(reference, settled)

    async def reject(self, reference: str, *, actor: str, reason: str) -> CreditProposal:
        """It is not to be, and nothing was touched; whoever proposed it may take it back so."""
        case = await self._case(reference)
        if case.state is CaseState.PROPOSED:
            await self.settlements.decline(case.number, actor=actor, reason=reason)
        settled = await self.settlements.settle(case.number, Decision.REJECT, actor=actor, reason=reason, adopt="")
        return await self._after(reference, settled)

    async def _agreed(self, case: Case, actor: str, reason: str) -> Settled:
        if case.state is CaseState.PROPOSED:
            return await self.settlements.approve(case.number, actor=actor)
        words = reason or "The credit is agreed."
        return await self.settlements.settle(case.number, Decision.OVERRIDE, actor=actor, reason=words, adopt="")

    async def _after(self, reference: str, settled: Settled) -> CreditProposal:
        if settled.state is CaseState.SETTLED:
            await within(self.engine.client.get_workflow_handle(_workflow(reference)), self.patience)
        return await self.books.billing.credit_proposals.read(reference)

    async def _case(self, reference: str) -> Case:
        story = await self.show(reference)
        waiting = [case for case in story.waiting if case.code == APPROVAL]
        if not waiting:
            raise Rejected(
                f"Credit {reference} is {story.proposal.state} and waits for nobody's approval",
                code="NOTHING_TO_APPROVE",
                remedy="See `handoff credit list` for what waits.",
            )
        return waiting[0]

    async def _cases(self, proposal: CreditProposal) -> list[Case]:
        found = await self.books.cases.list(CaseFilter(engagement=proposal.contract, limit=10_000))
        return [case for case in found if case.workflow_id == _workflow(proposal.request.reference)]

    async def _started(self, request: CreditRequest, actor: str) -> Handle:
        contract = (await self.books.billing.documents.read(request.invoice)).contract
        return await self.engine.started(
            CreditAndRebillWorkflow.run,
            CreditAndRebill(request=request, actor=actor),
            _workflow(request.reference),
            attributes=of_engagement(contract, request.reference),
            summary=f"Credit of {request.invoice}",
            lane=options.fair(contract),
        )


def _workflow(reference: str) -> str:
    return f"credit_and_rebill/{reference}"
