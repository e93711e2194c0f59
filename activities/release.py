"""From a claimed document to one that may go out: drawn from retainers, taxed, judged; each is safe to run twice (R76, R84)."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import Tax
from activities.contract_of_record import ContractOfRecord, ContractsOfRecord
from activities.document_rounding import Rounder
from activities.repricing import delta_words
from activities.systems import Systems
from activities.tax_question import coded, tax_question
from canonical.billable import Billable, BillableKind
from canonical.billing_document import FrozenRate, LineTerms
from canonical.exception import Finding
from canonical.invoice import DocumentLine, Invoice, InvoiceState
from canonical.money import Money
from canonical.period import Period
from canonical.provenance import Origin
from canonical.quote import BillingKind
from canonical.revenue_event import Treatment
from canonical.rules.earning import account_of
from canonical.rules.postings import Chart
from canonical.rules.taxation import nexus_findings
from canonical.schema import Part
from canonical.sub_ledger import Taken
from canonical.tax import TaxAnswer

_UNRELEASED = {InvoiceState.PROPOSED, InvoiceState.HELD}


class CompleteDocument(BaseModel):
    """A claimed document that wants its draws, accounts, taxes and exchange rate."""

    origin: Origin
    reference: str
    tax_system: str = ""
    overridden: list[tuple[str, str]] = []


class WithdrawDocument(BaseModel):
    """A document that is not to be; its items are open again."""

    origin: Origin
    reference: str
    reason: str


class Completed(BaseModel):
    """What the document came to, and what must be decided before it may go out."""

    findings: list[Finding] = []
    total: Money
    needs_release: bool = False


class _Taxed(Part):
    answer: TaxAnswer
    taxes: dict[int, Money] = {}


@dataclass(frozen=True)
class ReleaseActivities:
    """The steps of a billing run that touch our own books and only read elsewhere."""

    record: ContractsOfRecord
    systems: Systems
    billing: BillingBooks
    policy: BillingPolicy

    @activity.defn
    async def complete_document(self, request: CompleteDocument) -> Completed:
        """Draw from retainers, name the accounts, have it taxed; what hinders its release is found here, not at the ERP."""
        head = await self.billing.documents.read(request.reference)
        if head.state not in _UNRELEASED:  # another worker came as far as its release, and died there
            return Completed(total=head.total)
        draft = await self.billing.documents.invoice(request.reference)
        record = await self.record.read(draft.contract)
        await Rounder(self.billing, self.policy).round(record, draft, request.origin)
        await self._draw(record, draft, request.origin)
        invoice = coded(await self.billing.documents.invoice(request.reference), self.policy)
        chart = self.policy.chart(invoice.invoice_date)
        taxed = await self._taxed(record, invoice, request.tax_system)
        rate = await self._rate(invoice)
        findings = nexus_findings(taxed.answer, invoice.net, entity=invoice.entity, subject=invoice.reference)
        findings += [] if rate else [_no_rate(invoice)]
        if not findings:
            lines = [
                LineTerms(
                    number=line.number,
                    description=await delta_words(self.billing.billables, line),
                    account=line.account or _account(record, line, chart),
                    tax_code=line.tax_code or None,
                    tax=taxed.taxes.get(line.number, Money.zero(invoice.currency)),
                )
                for line in invoice.lines
            ]
            await self._complete(invoice, taxed.answer, lines, rate, request.origin)
        else:
            await self.billing.documents.move(invoice.reference, InvoiceState.HELD, code=findings[0].code, origin=request.origin)
        total = invoice.net + taxed.answer.tax
        needs = self.policy.needs_release(invoice.entity, total, invoice.invoice_date)
        return Completed(findings=findings, total=total, needs_release=needs)

    @activity.defn
    async def withdraw_document(self, request: WithdrawDocument) -> None:
        """Give back what it took: items, caps, purchase orders and retainers."""
        await self.billing.documents.withdraw(request.reference, request.reason, origin=request.origin)

    async def _draw(self, record: ContractOfRecord, draft: Invoice, origin: Origin) -> None:
        """Work on a retainer's line is paid by it as far as it goes; falling to its threshold asks for a top-up once."""
        retainers = [line for line in record.contract.lines if line.kind is BillingKind.RETAINER]
        for line in retainers:
            worked = [
                one.amount for one in draft.lines if one.line == line.reference and one.billing is not BillableKind.RETAINER
            ]
            charges = [amount for amount in worked if amount.amount > 0]
            if not charges:
                continue
            taken = await self.billing.credits.draw(
                draft.reference,
                draft.contract,
                line.reference,
                Money.sum(charges, draft.currency),
                words=f"Less retainer: {line.description}",
                account=self.policy.chart(draft.invoice_date).customer_deposits,
            )
            if taken is not None and taken.balance <= taken.threshold < taken.before:
                await self.billing.entries.accept(
                    [_top_up(record, draft, taken)], batch=f"top_up/{draft.reference}", origin=origin
                )

    async def _taxed(self, record: ContractOfRecord, invoice: Invoice, system: str) -> _Taxed:
        """The engine's answer; where nobody serves tax there is none, which the dry run and the trail show."""
        zero = Money.zero(invoice.currency)
        if not system:
            return _Taxed(answer=TaxAnswer(tax=zero))
        payer = await self.record.payer(record, invoice.customer)
        ship_from = self.policy.issuer_address(invoice.entity, invoice.invoice_date)
        answer = await self.systems.get(system, Tax).probe(tax_question(payer, invoice, ship_from))
        return _Taxed(answer=answer, taxes={line.number: line.tax for line in answer.lines})

    async def _complete(
        self, invoice: Invoice, tax: TaxAnswer, lines: list[LineTerms], rate: FrozenRate | None, origin: Origin
    ) -> None:
        """With the certificate that exempts it, if one does; what was held is so no longer."""
        documents, certificate = self.billing.documents, tax.exemption_certificate
        seen = await documents.complete(invoice.reference, tax.tax, lines, rate=rate, certificate=certificate, origin=origin)
        if seen.state is InvoiceState.HELD:
            await documents.move(invoice.reference, InvoiceState.PROPOSED, origin=origin)

    async def _rate(self, invoice: Invoice) -> FrozenRate | None:
        """What a unit is worth in the entity's currency on the accounting date (IAS 21.21), frozen with source and time."""
        functional = self.policy.functional_currency(invoice.entity, invoice.invoice_date)
        return await self.billing.exchange_rates.holding(invoice.currency, functional, invoice.accounting_date)


def _account(record: ContractOfRecord, line: DocumentLine, chart: Chart) -> str:
    """Revenue, or the contract liability where the period earns what is billed (S01, S02)."""
    sold = next((one for one in record.contract.lines if one.reference == line.line), None)
    treatment = record.treatments.get(line.line, Treatment.AS_BILLED)
    return account_of(line.billing or BillableKind.TIME, treatment, sold.kind if sold else None, chart)


def _top_up(record: ContractOfRecord, draft: Invoice, taken: Taken) -> Billable:
    """One for each time that the retainer fell to its threshold: named for the document that did it (S09)."""
    return Billable(
        reference=f"{draft.reference}.{taken.name}.top-up",
        kind=BillableKind.RETAINER,
        contract=draft.contract,
        line=taken.name,
        entity=draft.entity,
        customer=draft.customer,
        currency=draft.currency,
        service=Period(start=draft.invoice_date, end=draft.invoice_date + timedelta(days=1)),
        rate=taken.agreed,
        rate_version=f"{draft.contract}.v{record.contract.version}",
        amount=taken.agreed,
        description="Retainer top-up",
        purchase_order=draft.purchase_order,
        source="top_up",
        source_version="1",
        evidence={"drawn_by": draft.reference, "balance": str(taken.balance)},
    )


def _no_rate(invoice: Invoice) -> Finding:
    return Finding(
        code="EXCHANGE_RATE_MISSING",
        subject=invoice.reference,
        sentence=f"No exchange rate for {invoice.currency} is known on {invoice.invoice_date}: {invoice.net} cannot be booked.",
        remedy="Import the rate with its source and time (`handoff rates import`), then settle with retry.",
        money=invoice.net,
        evidence={"document": invoice.reference, "currency": invoice.currency},
        can_override=False,
    )
