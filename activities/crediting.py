"""Credits in our own books: proposed in exact amounts, made once approved, taken back if they come to nothing (R79, R80)."""

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import GeneralLedger
from activities.books import Clock
from activities.claiming import REBILL
from activities.contract_of_record import ContractsOfRecord
from activities.systems import Systems
from canonical.billing_document import Allocated, DocumentKind, LineTerms
from canonical.credit import CreditProposal, CreditRequest, ProposalState
from canonical.errors import PeriodIsClosed, Rejected
from canonical.invoice import CreditMemo
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.provenance import Origin
from canonical.rules.close import place
from canonical.rules.proposing import Billed, propose, require_funds

_PAGE = 10_000


class ProposeCredit(BaseModel):
    """A person's request, to become a proposal; ``actor`` of the origin is who proposes it."""

    origin: Origin
    request: CreditRequest


class Proposed(BaseModel):
    """A proposal as the workflow needs it; ``system`` holds its invoice, ``targets`` are the contract's records there."""

    contract: str
    entity: str
    customer: str
    total: Money
    net: Money
    accounting_date: date
    state: ProposalState
    needs_approval: bool = False
    reopens: bool = False
    system: str = ""
    customers_system: str = ""
    tax_system: str = ""
    policy_version: str = ""


class DecideCredit(BaseModel):
    """Somebody approved or rejected it."""

    origin: Origin
    reference: str
    state: ProposalState
    by: str
    note: str = ""


class MakeCredit(BaseModel):
    """An approved proposal."""

    origin: Origin
    reference: str


@dataclass(frozen=True)
class CreditingActivities:
    """What a credit does to our ledger. Each is safe to run twice."""

    record: ContractsOfRecord
    systems: Systems
    billing: BillingBooks
    policy: BillingPolicy
    clock: Clock

    @activity.defn
    async def propose_credit(self, asked: ProposeCredit) -> Proposed:
        """Exact allocations, amounts, tax and an open date; what cannot be credited is refused, and nothing was touched."""
        known = await self.billing.credit_proposals.known(asked.request.reference)
        if known is None:
            known = await self.billing.credit_proposals.keep(await self._proposal(asked), origin=asked.origin)
        elif known.request != asked.request:
            await self.billing.credit_proposals.keep(known.model_copy(update={"request": asked.request}), origin=asked.origin)
        return await self._proposed(known)

    @activity.defn
    async def decide_credit(self, asked: DecideCredit) -> None:
        """The proposal moves; the ledger stays as it was."""
        await self.billing.credit_proposals.move(asked.reference, asked.state, by=asked.by, note=asked.note, origin=asked.origin)

    @activity.defn
    async def make_credit(self, asked: MakeCredit) -> None:
        """The items are credited, retainers restored, tax said; what is to be billed again is kept for its own run."""
        proposal = await self.billing.credit_proposals.read(asked.reference)
        request, zero = proposal.request, Money.zero(proposal.currency)
        memo = CreditMemo(
            reference=request.reference,
            invoice=request.invoice,
            contract=proposal.contract,
            entity=proposal.entity,
            customer=proposal.customer,
            currency=proposal.currency,
            memo_date=proposal.memo_date,
            accounting_date=proposal.accounting_date,
            reason=request.reason,
            lines=(),
            tax=zero,
        )
        await self.billing.credits.credit(memo, [one.credited for one in proposal.parts], origin=asked.origin)
        await self._round(proposal, asked.origin)
        await self.billing.documents.complete(request.reference, proposal.tax, _terms(proposal), origin=asked.origin)
        if request.rebill:
            await self.billing.billables.hold(list(proposal.reopened), REBILL, request.reference, origin=asked.origin)

    @activity.defn
    async def free_rebill(self, asked: MakeCredit) -> None:
        """What was kept for a run that is not to be is open to any run."""
        proposal = await self.billing.credit_proposals.read(asked.reference)
        kept = await self.billing.billables.held_under(REBILL, contract=proposal.contract, note=asked.reference)
        await self.billing.billables.release(kept, origin=asked.origin)

    async def _round(self, proposal: CreditProposal, origin: Origin) -> None:
        """What the invoice was rounded by goes with what it rounded."""
        if proposal.roundings:
            memo = await self.billing.documents.credit_memo(proposal.request.reference)
            first = max(line.number for line in memo.lines) + 1
            lines = [line.changed(number=number) for number, line in enumerate(proposal.roundings, start=first)]
            await self.billing.documents.round(memo.reference, lines, origin=origin)

    async def _proposal(self, asked: ProposeCredit) -> CreditProposal:
        request = asked.request
        invoices = await self._billed(request)
        amounts = propose(request, invoices)
        document = invoices[request.invoice].document
        if amounts.unfunded:
            require_funds(amounts.unfunded, await self.billing.sub_ledgers.of(document.contract))
        day = await self._dated(document.entity, document.system, request)
        return CreditProposal(
            request=request,
            contract=document.contract,
            entity=document.entity,
            customer=document.customer,
            currency=document.net.currency,
            parts=amounts.parts,
            net=amounts.net,
            restored=amounts.restored,
            tax=amounts.tax,
            taxes=amounts.taxes,
            roundings=amounts.roundings,
            memo_date=day,
            accounting_date=day,
            proposed_by=asked.origin.actor,
        )

    async def _billed(self, request: CreditRequest) -> dict[str, Billed]:
        names = dict.fromkeys([request.invoice, *(part.invoice for part in request.parts if part.invoice)])
        return {name: await self._as_billed(name) for name in names}

    async def _as_billed(self, reference: str) -> Billed:
        documents = self.billing.documents
        document = await documents.read(reference)
        allocations = list[Allocated]()
        while page := await documents.allocations(reference, after=allocations[-1].allocation if allocations else 0, limit=_PAGE):
            allocations += page
        return Billed(
            document=document,
            lines=(await documents.invoice(reference)).lines if document.kind is DocumentKind.INVOICE else (),
            allocations=tuple(allocations),
            restored=await self.billing.credits.restored(reference, document.net.currency),
        )

    async def _dated(self, entity: str, system: str, request: CreditRequest) -> date:
        """The wished day, else today, in an open period of the ERP that holds the invoice."""
        today = (await self.clock.now()).date()
        day = request.on or today
        books = self.systems.get(system, GeneralLedger)
        placed = place(day, today, await books.periods(entity))
        if placed is None:
            raise PeriodIsClosed(f"Credit {request.reference} is dated {day}, and no accounting period is open from there on")
        return placed.accounting_date

    async def _proposed(self, proposal: CreditProposal) -> Proposed:
        document = await self.billing.documents.read(proposal.request.invoice)
        record = await self.record.read(proposal.contract)
        scope = Scope(entity=proposal.entity, region=record.contract.region, service_date=proposal.accounting_date)
        if proposal.state in (ProposalState.REJECTED, ProposalState.WITHDRAWN):
            by = proposal.decided_by or "Handoff"
            raise Rejected(
                f"Credit {proposal.request.reference} was {proposal.state} by {by}: {proposal.note}",
                code="PROPOSAL_CLOSED",
                remedy="Ask for another credit under a reference of its own.",
            )
        return Proposed(
            contract=proposal.contract,
            entity=proposal.entity,
            customer=proposal.customer,
            total=proposal.total,
            net=proposal.net,
            accounting_date=proposal.accounting_date,
            state=proposal.state,
            needs_approval=self.policy.credit_needs_approval(proposal.entity, proposal.total, proposal.accounting_date),
            reopens=bool(proposal.reopened),
            system=document.system,
            customers_system=self.policy.system_for(Capability.CUSTOMERS, scope) or "",
            tax_system=self.policy.system_for(Capability.TAX, scope) or "",
            policy_version=self.policy.version,
        )


def _terms(proposal: CreditProposal) -> list[LineTerms]:
    """The taxes of the memo's lines, which are its invoice's lines by disposition, in their order.

    A memo over several invoices has its tax as a whole.
    """
    ours = sorted({(one.line, one.credited.disposition.value) for one in proposal.parts})
    if len({one.invoice for one in proposal.parts}) > 1 or len(ours) != len({line for line, _ in ours}):
        return []
    zero = Money.zero(proposal.currency)
    return [LineTerms(number=n, tax=proposal.taxes.get(line, zero)) for n, (line, _) in enumerate(ours, start=1)]
