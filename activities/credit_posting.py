"""Credit memos at the ERP: posted once, applied as far as something is open, kept in step with our ledger (R80, R101)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import GeneralLedger, Receivables, Tax
from activities.books import CrossReferences
from activities.contract_of_record import BILL_TO, ContractsOfRecord
from activities.ports import Customers
from activities.step import Asked, Bookkeeping, Step
from activities.systems import Systems
from activities.tax_question import tax_question
from activities.unapproved import withdraw_unapproved
from canonical.credit import CreditProposal, ProposalState
from canonical.errors import Misconfigured
from canonical.invoice import DocumentRecord, InvoiceState
from canonical.money import Money
from canonical.party import Customer
from canonical.provenance import Origin
from canonical.schema import Part
from canonical.written import Written

_MADE_BUT_NOT_POSTED = {InvoiceState.RELEASED, InvoiceState.DRAFTED}


class PostCredit(BaseModel):
    """A credit that our ledger made, on its way to the ERP that holds its invoice."""

    origin: Origin
    reference: str
    system: str


class ConcludeCredit(BaseModel):
    """A credit that is not to go on: what of it stands is finished, what does not is taken back."""

    origin: Origin
    reference: str
    system: str
    reason: str


class FindBillTo(BaseModel):
    """The other customer that a credit is billed again to, in the ERP."""

    origin: Origin
    reference: str
    system: str


class ApplyCredit(BaseModel):
    """What is left of a posted credit, to an invoice of the same customer."""

    origin: Origin
    reference: str
    system: str
    invoice: str


class TransferCredit(BaseModel):
    """What is left of a posted credit, to an invoice of another customer: so much of it, as was agreed."""

    origin: Origin
    reference: str
    system: str
    invoice: str
    amount: Money


class Credited(Part):
    """What the ERP made of a credit; ``open`` is applied to nothing and stays as the customer's credit."""

    target_id: str = ""
    number: str = ""
    total: Money | None = None
    open: Money | None = None
    url: str = ""
    state: ProposalState = ProposalState.POSTED


@dataclass(frozen=True)
class CreditPostingActivities:
    """What of a credit leaves the house. Each is safe to run twice."""

    record: ContractsOfRecord
    systems: Systems
    books: Bookkeeping
    billing: BillingBooks
    policy: BillingPolicy
    references: CrossReferences

    @activity.defn
    async def post_credit_memo(self, request: PostCredit) -> Credited:
        """Post it once, keep its number and journals; where several invoices are credited, it is applied to each."""
        proposal = await self.billing.credit_proposals.read(request.reference)
        erp = self.systems.get(request.system, Receivables)
        memo = await self.billing.documents.credit_memo(request.reference)
        invoice = await self.billing.documents.read(memo.invoice)
        written = await self.books.once(
            _asked(request, erp),
            request=memo,
            call=partial(erp.post_credit_memo, memo, invoice_id=invoice.target_id, key=_asked(request, erp).key),
            look_up=partial(erp.find_credit_memo, memo.reference, key=_asked(request, erp).key),
        )
        return await self._kept(request, proposal, erp, written.target_id)

    @activity.defn
    async def conclude_credit(self, request: ConcludeCredit) -> Credited:
        """A memo that the ERP posted stands, and is finished here; one that it did not is taken back from our ledger."""
        proposal = await self.billing.credit_proposals.read(request.reference)
        if proposal.state is ProposalState.PROPOSED:
            return await self._withdrawn(proposal, request)
        if proposal.state is not ProposalState.APPROVED:
            return Credited(state=proposal.state)
        erp = self.systems.get(request.system, Receivables)
        asked = _asked(request, erp)
        made = await self.books.writes.outcome(
            asked.key,
            look_up=partial(erp.find_credit_memo, request.reference, key=asked.key),
            declared=erp.declares(asked.declared_as),
        )
        if made is not None:
            return await self._kept(request, proposal, erp, made.target_id)
        await self._take_back(request)
        return await self._withdrawn(proposal, request)

    @activity.defn
    async def record_credit_tax(self, request: PostCredit) -> Written:
        """The credit at the tax engine: taxed as its invoice was, reported when it is accounted."""
        memo = await self.billing.documents.credit_memo(request.reference)
        invoice = await self.billing.documents.read(memo.invoice)
        payer = await self.record.payer(await self.record.read(memo.contract), memo.customer)
        ship_from = self.policy.issuer_address(memo.entity, memo.memo_date)
        question = tax_question(payer, memo, ship_from, invoiced_on=invoice.document_date)
        engine = self.systems.get(request.system, Tax)
        asked = Asked.of(
            Step(origin=request.origin, dossier="", system=request.system),
            engine,
            verb="record",
            kind="tax",
            reference=memo.reference,
            declared_as="tax_document",
        )
        return await self.books.once(
            asked,
            request=question,
            call=partial(engine.record, question, key=asked.key),
            look_up=partial(engine.find_recorded, question.reference, key=asked.key),
        )

    @activity.defn
    async def find_bill_to(self, request: FindBillTo) -> Written:
        """The other bill-to under the legal entity: the one that is named or known, else a new one."""
        proposal = await self.billing.credit_proposals.read(request.reference)
        rebill = proposal.request.rebill
        if rebill is None or rebill.bill_to is None:
            raise Misconfigured(f"Credit {request.reference} names no other bill-to", remedy="This is an error of Handoff.")
        customer = rebill.bill_to.model_copy(update={"entity": proposal.entity})
        await self.books.dossiers.keep(BILL_TO, customer.reference, customer)
        customers = self.systems.get(request.system, Customers)
        asked = _bill_to(request, customers, customer)
        known = rebill.customer_id
        if not known and not await self.books.writes.is_undecided(asked.key):  # else what is found may be of our own making
            known = await self._known(customers, customer) or ""
        return Written(target_id=known) if known else await self._made(asked, customers, customer)

    @activity.defn
    async def apply_credit(self, request: ApplyCredit) -> Credited:
        """What of the credit is open settles the new invoice, as far as that is open."""
        proposal = await self.billing.credit_proposals.read(request.reference)
        erp = self.systems.get(request.system, Receivables)
        memo = await self.billing.documents.read(request.reference)
        await self._apply(request, erp, memo.target_id, [request.invoice])
        return await self._kept(request, proposal, erp, memo.target_id)

    @activity.defn
    async def transfer_credit(self, request: TransferCredit) -> Credited:
        """Once; the mirror says at once what is left of the credit, and what is open of the invoice."""
        proposal = await self.billing.credit_proposals.read(request.reference)
        erp = self.systems.get(request.system, Receivables)
        memo, invoice = [await self.billing.documents.read(name) for name in (request.reference, request.invoice)]
        reference = f"{request.reference}.to.{request.invoice.removeprefix(f'{invoice.contract}.')}"
        step = Step(origin=request.origin, dossier="", system=request.system)
        asked = Asked.of(step, erp, verb="transfer", kind="credit", reference=reference, declared_as="transfer")
        both = {"source_id": memo.target_id, "invoice_id": invoice.target_id}
        written = await self.books.once(
            asked,
            request={**both, "amount": str(request.amount)},
            call=partial(
                erp.transfer_credit, reference, **both, amount=request.amount, on=proposal.accounting_date, key=asked.key
            ),
            look_up=partial(erp.find_transfer, reference, **both, key=asked.key),
        )
        made = [written.target_id, *filter(None, [written.details.get("journal")])]
        return await self._transferred(request, erp, memo.target_id, made)

    async def _transferred(self, request: TransferCredit, erp: Receivables, memo_id: str, made: Sequence[str]) -> Credited:
        if isinstance(erp, GeneralLedger):
            for document in made:
                await self.billing.journals.keep(erp.name, await erp.read_journals(document))
        record = await erp.read_credit_memo(memo_id)
        await self._mirror(erp, record, [request.invoice], request.origin)
        return Credited(target_id=memo_id, number=record.number, total=record.total, open=record.open, url=record.url)

    async def _kept(
        self, request: PostCredit | ConcludeCredit | ApplyCredit, proposal: CreditProposal, erp: Receivables, target_id: str
    ) -> Credited:
        """What the ERP holds is what our ledger says, from whatever point an attempt goes on."""
        reference, documents = request.reference, self.billing.documents
        record = await erp.read_credit_memo(target_id)
        if (await documents.read(reference)).state in _MADE_BUT_NOT_POSTED:
            await documents.posted(reference, record, system=erp.name, origin=request.origin)
        others = sorted({one.invoice for one in proposal.parts} - {proposal.request.invoice})
        if others:
            await self._apply(request, erp, target_id, others)
            record = await erp.read_credit_memo(target_id)
        await self._mirror(erp, record, [proposal.request.invoice, *others], request.origin)
        if proposal.state is ProposalState.APPROVED:
            await withdraw_unapproved(self.billing, proposal.reopened, origin=request.origin)
            await self.billing.credit_proposals.move(reference, ProposalState.POSTED, origin=request.origin)
        return Credited(target_id=target_id, number=record.number, total=record.total, open=record.open, url=record.url)

    async def _mirror(self, erp: Receivables, record: DocumentRecord, invoices: Sequence[str], origin: Origin) -> None:
        read = [await self.billing.documents.read(name) for name in invoices]
        seen = [await erp.read_invoice(one.target_id) for one in read if one.target_id]
        await self.billing.receivables.record_status(erp.name, [record, *seen], origin=origin)
        if isinstance(erp, GeneralLedger):
            await self.billing.journals.keep(erp.name, await erp.read_journals(record.target_id))

    async def _apply(
        self, request: PostCredit | ConcludeCredit | ApplyCredit, erp: Receivables, source_id: str, invoices: Sequence[str]
    ) -> None:
        """In order, each once: what an earlier attempt applied is not applied again."""
        for name in invoices:
            document = await self.billing.documents.read(name)
            asked = _applying(request, erp, name)
            if await self.books.writes.written(asked.key) is None:
                await self._apply_to(asked, erp, source_id, document.target_id)
                now = await erp.read_invoice(document.target_id)
                await self.billing.receivables.record_status(erp.name, [now], origin=request.origin)

    async def _apply_to(self, asked: Asked, erp: Receivables, source_id: str, target_id: str) -> None:
        """As much as both leave open. Where that is nothing, an attempt that died may have applied it: it is looked up."""
        look_up = partial(erp.find_application, source_id, target_id, key=asked.key)
        amount = min((await erp.read_credit_memo(source_id)).open, (await erp.read_invoice(target_id)).open)
        if not amount.is_zero:
            await self.books.once(
                asked,
                request={"source": source_id, "invoice": target_id},
                call=partial(erp.apply_credit, source_id, target_id, amount, key=asked.key),
                look_up=look_up,
            )
        elif await self.books.writes.is_undecided(asked.key):
            await self.books.writes.outcome(asked.key, look_up=look_up, declared=erp.declares(asked.declared_as))

    async def _take_back(self, request: ConcludeCredit) -> None:
        """The memo is withdrawn from our ledger, if it was made there: its items are billed as before."""
        documents = self.billing.documents
        proposal = await self.billing.credit_proposals.read(request.reference)
        made = [one for one in await documents.of(proposal.contract) if one.reference == request.reference]
        if made and made[0].state is InvoiceState.RELEASED:
            await documents.move(request.reference, InvoiceState.HELD, code="CREDIT_WITHDRAWN", origin=request.origin)
        if made:
            await documents.withdraw(request.reference, request.reason, origin=request.origin)

    async def _withdrawn(self, proposal: CreditProposal, request: ConcludeCredit) -> Credited:
        await self.billing.credit_proposals.move(
            proposal.request.reference, ProposalState.WITHDRAWN, note=request.reason, origin=request.origin
        )
        return Credited(state=ProposalState.WITHDRAWN)

    async def _known(self, customers: Customers, customer: Customer) -> str | None:
        """By our own reference, or the one live record of the entity that bears the same tax number."""
        bound = await self.references.to_theirs(customers.name, "customer", f"{customer.reference}.{customer.entity}")
        if bound is not None:
            return bound
        numbers = {one.number for one in customer.tax_registrations}
        found = [
            one.target_id
            for one in await customers.candidates(customer)
            if one.is_active and one.entity == customer.entity and numbers & set(one.tax_numbers)
        ]
        return found[0] if len(found) == 1 else None

    async def _made(self, asked: Asked, customers: Customers, customer: Customer) -> Written:
        return await self.books.once(
            asked,
            request=customer,
            call=partial(customers.create_customer, customer, key=asked.key),
            look_up=partial(customers.find_customer, customer.reference, key=asked.key),
        )


def _bill_to(request: FindBillTo, customers: Customers, customer: Customer) -> Asked:
    step = Step(origin=request.origin, dossier="", system=request.system)
    reference = f"{customer.reference}.{customer.entity}"
    return Asked.of(step, customers, verb="create", kind="customer", reference=reference, declared_as="customer")


def _asked(request: PostCredit | ConcludeCredit, erp: Receivables) -> Asked:
    step = Step(origin=request.origin, dossier="", system=request.system)
    return Asked.of(step, erp, verb="create", kind="credit_memo", reference=request.reference, declared_as="credit_memo")


def _applying(request: PostCredit | ConcludeCredit | ApplyCredit, erp: Receivables, invoice: str) -> Asked:
    step = Step(origin=request.origin, dossier="", system=request.system)
    reference = f"{request.reference}.{invoice}"
    return Asked.of(step, erp, verb="apply", kind="application", reference=reference, declared_as="application")
