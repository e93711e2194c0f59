"""Invoices at the ERP, and their tax at the engine: written once, recorded in our ledger in the same step (R76, R86)."""

from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import Approving, GeneralLedger, Receivables, Tax
from activities.contract_of_record import ContractsOfRecord
from activities.step import Asked, Bookkeeping, Reversal, Step, Undone
from activities.systems import Systems
from activities.tax_question import tax_question
from canonical.billable import BillableKind
from canonical.errors import Misconfigured
from canonical.invoice import DocumentState, Invoice, InvoiceState
from canonical.money import Money
from canonical.provenance import Origin
from canonical.schema import Part
from canonical.sub_ledger import SubLedgerKind, Want
from canonical.written import Written

_NOT_RELEASED = {InvoiceState.PROPOSED, InvoiceState.HELD}


class PostInvoice(BaseModel):
    """A released invoice on its way to the ERP; ``targets`` are the contract's records there."""

    origin: Origin
    reference: str
    system: str
    targets: dict[str, str]


class VoidTax(BaseModel):
    """An invoice that is not to be, whose tax may be on record with the engine."""

    origin: Origin
    reference: str
    system: str
    reason: str


class GiveUpInvoice(BaseModel):
    """A person's word that a released invoice is not to be posted."""

    posting: PostInvoice
    reason: str


class Posted(Part):
    """What the ERP made of it."""

    target_id: str
    number: str
    total: Money
    url: str = ""


@dataclass(frozen=True)
class InvoicingActivities:
    """What leaves the house. Each is safe to run twice."""

    record: ContractsOfRecord
    systems: Systems
    books: Bookkeeping
    billing: BillingBooks
    policy: BillingPolicy

    @activity.defn
    async def post_invoice(self, request: PostInvoice) -> Posted:
        """Release it, post it once, and keep its number; what funds a retainer is on it from now on.

        An attempt that died on the way goes on from where the document stands.
        """
        documents = self.billing.documents
        if (await documents.read(request.reference)).state in _NOT_RELEASED:
            await documents.move(request.reference, InvoiceState.RELEASED, origin=request.origin)
        invoice = await documents.invoice(request.reference)
        erp = self.systems.get(request.system, Receivables)
        written = await self._written(request, invoice, erp)
        record = await erp.read_invoice(written.target_id)
        if record.state is DocumentState.DRAFT and isinstance(erp, Approving):
            await erp.approve_invoice(written.target_id)
            record = await erp.read_invoice(written.target_id)
        if (await documents.read(request.reference)).state is InvoiceState.RELEASED:
            await documents.posted(invoice.reference, record, system=erp.name, origin=request.origin)
        await self._fund_retainers(invoice, request.origin)
        await self._keep_journals(erp, written.target_id)
        return Posted(target_id=record.target_id, number=record.number, total=record.total, url=record.url)

    @activity.defn
    async def give_up_invoice(self, request: GiveUpInvoice) -> bool:
        """Withdrawn, so that its items are open again, if it is surely not posted; false where a look-up finds it there."""
        posting, documents = request.posting, self.billing.documents
        erp = self.systems.get(posting.system, Receivables)
        asked = _asked(posting, erp)
        find = partial(erp.find_invoice, posting.reference, key=asked.key)
        if await self.books.writes.outcome(asked.key, look_up=find, declared=erp.declares("invoice")) is not None:
            return False
        if (await documents.read(posting.reference)).state is InvoiceState.RELEASED:
            await documents.move(posting.reference, InvoiceState.HELD, origin=posting.origin)
        await documents.withdraw(posting.reference, request.reason, origin=posting.origin)
        return True

    @activity.defn
    async def record_tax(self, request: PostInvoice) -> Written:
        """The posted invoice's tax at the engine, committed (created or adjusted by its document code)."""
        invoice = await self.billing.documents.invoice(request.reference)
        record = await self.record.read(invoice.contract)
        engine = self.systems.get(request.system, Tax)
        payer = await self.record.payer(record, invoice.customer)
        question = tax_question(payer, invoice, self.policy.issuer_address(invoice.entity, invoice.invoice_date))
        asked = _tax_of(invoice.reference, engine, request.origin)
        return await self.books.once(
            asked,
            request=question,
            call=partial(engine.record, question, key=asked.key),
            look_up=partial(engine.find_recorded, question.reference, key=asked.key),
        )

    @activity.defn
    async def void_tax(self, request: VoidTax) -> Undone:
        """The reverse of record_tax, for an invoice that is withdrawn; where nothing was recorded the engine is not asked."""
        engine = self.systems.get(request.system, Tax)
        asked = _tax_of(request.reference, engine, request.origin)
        return await self.books.undo(
            asked,
            request.reason,
            find=partial(engine.find_recorded, request.reference, key=asked.key),
            reversal=Reversal("void", lambda target_id, reason, key: engine.void(target_id, reason, key=key)),
        )

    async def _written(self, request: PostInvoice, invoice: Invoice, erp: Receivables) -> Written:
        asked = _asked(request, erp)
        customer, project = _required(request.targets, "customer"), request.targets.get("erp_project", "")
        return await self.books.once(
            asked,
            request=invoice,
            call=partial(erp.post_invoice, invoice, customer_id=customer, project_id=project, key=asked.key),
            look_up=partial(erp.find_invoice, invoice.reference, key=asked.key),
        )

    async def _fund_retainers(self, invoice: Invoice, origin: Origin) -> None:
        """What was billed to a retainer is there to be drawn once it is posted (S01, S09)."""
        for line in invoice.lines:
            if line.billing is BillableKind.RETAINER and line.amount.amount > 0:
                want = Want(
                    kind=SubLedgerKind.RETAINER,
                    contract=invoice.contract,
                    name=line.line,
                    key=f"fund/{invoice.reference}/{line.number}",
                    amount=line.amount,
                    document=invoice.reference,
                    reason="funded",
                )
                await self.billing.sub_ledgers.fund(want, origin=origin)

    async def _keep_journals(self, erp: Receivables, target_id: str) -> None:
        if isinstance(erp, GeneralLedger):
            await self.billing.journals.keep(erp.name, await erp.read_journals(target_id))


def _tax_of(reference: str, engine: Tax, origin: Origin) -> Asked:
    step = Step(origin=origin, dossier="", system=engine.name)
    return Asked.of(step, engine, verb="record", kind="tax", reference=reference, declared_as="tax_document")


def _asked(request: PostInvoice, erp: Receivables) -> Asked:
    step = Step(origin=request.origin, dossier="", system=request.system)
    return Asked.of(step, erp, verb="create", kind="invoice", reference=request.reference, declared_as="invoice")


def _required(targets: dict[str, str], kind: str) -> str:
    if not targets.get(kind):
        raise Misconfigured(
            f"The engagement has no {kind} in the ERP, so it cannot be invoiced there",
            remedy="Let its activation create or match the record, then settle with retry.",
        )
    return targets[kind]
