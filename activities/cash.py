"""Money that we move in the ERP ourselves: deposits taken and credit applied, each written once and mirrored (R97, R101, S13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import GeneralLedger, Receivables
from activities.contract_of_record import ContractsOfRecord
from activities.step import Asked, Bookkeeping, Step
from activities.systems import Systems, required
from canonical.billing_document import BillingDocument
from canonical.errors import Misconfigured, NotFound, Rejected
from canonical.journal import Journal, JournalRecord
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.payment import Application, Payment, PaymentKind
from canonical.provenance import Origin
from canonical.reference import joined
from canonical.rules.advances import reclassified
from canonical.rules.exchange import AdvancePolicy
from canonical.schema import Part
from canonical.written import Written


class TakeDeposit(BaseModel):
    """A customer's advance; ``at`` is frozen with the request, so that an attempt that is repeated is the same."""

    origin: Origin
    contract: str
    reference: str
    amount: Money
    on: date
    at: datetime


class DepositTaken(Part):
    """What the ERP made of it, and the rate it is carried at."""

    target_id: str
    number: str = ""
    exchange_rate: Decimal | None = None


class ApplyToInvoice(BaseModel):
    """A deposit or unapplied payment (by its id in the ERP) settles an invoice, as far as ``amount`` goes."""

    origin: Origin
    system: str
    source_id: str
    invoice: str
    amount: Money
    name: str = ""
    at: datetime


class Applied(Part):
    """What was applied, what is open of the invoice now, what is left of the source; ``gain`` is what exchange realized."""

    target_id: str
    open: Money
    left: Money
    gain: Money | None = None


@dataclass(frozen=True)
class CashActivities:
    """Each is safe to run twice."""

    systems: Systems
    books: Bookkeeping
    billing: BillingBooks
    policy: BillingPolicy
    record: ContractsOfRecord

    @activity.defn
    async def take_deposit(self, request: TakeDeposit) -> DepositTaken:
        """A liability until it is applied, carried at the rate of its day."""
        record = await self.record.read(request.contract)
        entity = record.contract.entity
        scope = Scope(entity=entity, region=record.contract.region, service_date=request.on)
        system = required(Capability.RECEIVABLES, self.policy.system_for(Capability.RECEIVABLES, scope), scope)
        erp, rate = self.systems.get(system, Receivables), await self._rate(request.amount.currency, entity, request.on)
        customer_id = record.targets.get("customer", "")
        if not customer_id:
            raise Misconfigured(f"{request.contract} has no customer in {system}", remedy="Let its activation create it first.")
        asked = _asked(request.origin, erp, "post", "deposit", request.reference)
        given = {"customer": customer_id, "amount": request.amount, "on": request.on, "rate": rate}
        written = await self.books.once(
            asked,
            request={name: str(value) for name, value in given.items()},
            call=partial(
                erp.post_deposit, request.reference, customer_id, request.amount, request.on, exchange_rate=rate, key=asked.key
            ),
            look_up=partial(erp.find_deposit, request.reference, key=asked.key),
        )
        taken = Payment(
            system=erp.name,
            source_id=written.target_id,
            source_version=request.at.isoformat(),
            reference=request.reference,
            entity=entity,
            customer=record.contract.payer.reference,
            kind=PaymentKind.DEPOSIT,
            amount=request.amount,
            exchange_rate=rate,
            received_on=request.on,
        )
        await self.billing.receivables.record_payments([taken], origin=request.origin)
        await self._keep_journals(erp, [written.target_id])
        return DepositTaken(target_id=written.target_id, number=written.number, exchange_rate=rate)

    @activity.defn
    async def apply_to_invoice(self, request: ApplyToInvoice) -> Applied:
        """Applied once; the mirror says at once what is open and what is left."""
        document = await self.billing.documents.read(request.invoice)
        erp = self.systems.get(request.system, Receivables)
        source = await self._source(erp, request, document)
        parts = [source.reference, document.reference, *([request.name] if request.name else [])]
        asked = _asked(request.origin, erp, "apply", "application", joined(*parts))
        written = await self.books.once(
            asked,
            request={"source": source.source_id, "invoice": document.target_id, "amount": str(request.amount)},
            call=partial(erp.apply_credit, source.source_id, document.target_id, request.amount, key=asked.key),
            look_up=partial(erp.find_application, source.source_id, document.target_id, key=asked.key),
        )
        seen = await erp.read_invoice(document.target_id)
        await self.billing.receivables.record_status(erp.name, [seen], origin=request.origin)
        source = await self._mirrored(source, document, request, asked.key)
        journals = await self._keep_journals(erp, [written.target_id]) if source.kind is PaymentKind.DEPOSIT else []
        gain = self._gain(document, journals)
        await self._reclassify(request, erp, document, source, journals)
        return Applied(target_id=written.target_id, open=seen.open, left=source.unapplied, gain=gain)

    async def _source(self, erp: Receivables, request: ApplyToInvoice, document: BillingDocument) -> Payment:
        """What is applied belongs to the invoice's customer and currency, and has that much left (or was applied before)."""
        source = await self.billing.receivables.payment(erp.name, request.source_id)
        if source is None:
            raise NotFound(
                f"{erp.name} has told of no payment or deposit {request.source_id}",
                remedy="Take payments in (`handoff receivables poll`), then settle with retry.",
            )
        if source.customer != document.customer or source.amount.currency != document.total.currency:
            raise Rejected(
                f"{source.reference} is of {source.customer} in {source.amount.currency}; invoice {document.reference} is of"
                f" {document.customer} in {document.total.currency}",
                remedy="Apply it to an invoice of the same customer and currency; across customers it takes a credit.",
            )
        return source

    async def _mirrored(self, source: Payment, document: BillingDocument, request: ApplyToInvoice, key: str) -> Payment:
        """A payment's applications are told by the next poll; a deposit's are ours to say, each once by its key."""
        marks = source.memo.split("; ")
        if key in marks:
            return source
        line = Application(target_id=document.target_id, number=document.number, amount=request.amount)
        now = source.model_copy(
            update={
                "applications": (*source.applications, line),
                "source_version": request.at.isoformat(),
                "memo": "; ".join(filter(None, (*marks, key))),
            }
        )
        if source.kind is PaymentKind.DEPOSIT:
            await self.billing.receivables.record_payments([now], origin=request.origin)
        return now

    async def _rate(self, currency: str, entity: str, on: date) -> Decimal | None:
        """The entity's own currency per unit, frozen; nothing where it is that currency."""
        functional = self.policy.functional_currency(entity, on)
        if currency == functional:
            return None
        held = await self.billing.exchange_rates.holding(currency, functional, on)
        if held is None:
            raise Rejected(
                f"No exchange rate for {currency} in {functional} is known on {on}",
                code="EXCHANGE_RATE_MISSING",
                remedy="Import the rate with its source and time (`handoff rates import`), then settle with retry.",
            )
        return held.rate

    async def _keep_journals(self, erp: Receivables, documents: Sequence[str]) -> list[JournalRecord]:
        if not isinstance(erp, GeneralLedger):
            return []
        found = [journal for document in documents for journal in await erp.read_journals(document)]
        await self.billing.journals.keep(erp.name, found)
        return found

    def _gain(self, document: BillingDocument, journals: Sequence[JournalRecord]) -> Money | None:
        """What exchange realized, in the entity's own currency; a loss is negative."""
        account = self.policy.chart(document.document_date).exchange
        lines = [line for journal in journals for line in journal.lines if line.account == account]
        amounts = [line.credit or -(line.debit or Money.zero(document.total.currency)) for line in lines]
        return Money.sum(amounts, amounts[0].currency) if amounts else None

    async def _reclassify(
        self,
        request: ApplyToInvoice,
        erp: Receivables,
        document: BillingDocument,
        source: Payment,
        journals: Sequence[JournalRecord],
    ) -> None:
        """An advance that is no money owed back keeps its own rate: what exchange seemed to realize is revenue's (IFRIC 22)."""
        policy = self.policy.cash_terms(document.entity, document.document_date).advances
        gain = self._gain(document, journals)
        if policy is AdvancePolicy.MONETARY or source.kind is not PaymentKind.DEPOSIT or gain is None or gain.is_zero:
            return
        invoice = await self.billing.documents.invoice(document.reference)
        journal = reclassified(invoice, gain, self.policy.chart(document.document_date), on=journals[-1].posted_on)
        await self._post(request, erp, journal)

    async def _post(self, request: ApplyToInvoice, erp: Receivables, journal: Journal) -> Written:
        ledger = self.systems.get(request.system, GeneralLedger)
        asked = _asked(request.origin, ledger, "post", "journal", journal.reference)
        written = await self.books.once(
            asked,
            request=journal,
            call=partial(ledger.post_journal, journal, key=asked.key),
            look_up=partial(ledger.find_journal, journal.reference, key=asked.key),
        )
        await self._keep_journals(erp, [written.target_id])
        return written


def _asked(origin: Origin, connector: Receivables | GeneralLedger, verb: str, kind: str, reference: str) -> Asked:
    step = Step(origin=origin, dossier="", system=connector.name)
    return Asked.of(step, connector, verb=verb, kind=kind, reference=reference, declared_as=kind)
