"""What people ask of receivables: what a customer owes and by what age, who paid what, what is contested, and money applied."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio.service import RPCError, RPCStatusCode

from canonical.billable import CreditDisposition
from canonical.billing_document import BillingDocument
from canonical.billing_view import Exposure
from canonical.credit import CreditPart, CreditRequest
from canonical.errors import Malformed, NotFound
from canonical.invoice import Invoice
from canonical.money import Money
from canonical.payment import Payment
from canonical.provenance import Origin
from canonical.receivable import Dispute, OpenInvoice
from canonical.rules.aging import Bucket, OpenItem, buckets
from canonical.schema import Part
from ledger.books import Books
from operations.credit_desk import CreditDesk
from operations.engine import Engine, Handle, result_of
from operations.permission import needs
from operations.waiting import waits_for_people
from policies.access import Permission
from policies.firm import Policies
from workflows import options
from workflows.poll_receivables import PollReceivablesWorkflow, ReceivablesHeard

_PATIENCE = timedelta(seconds=60)


class Aged(Part):
    """What is open in a currency, by how long it has been overdue."""

    currency: str
    buckets: tuple[Bucket, ...]


class CustomerAccount(Part):
    """A customer as accounting looks at it."""

    customer: str
    exposures: tuple[Exposure, ...] = ()
    aging: tuple[Aged, ...] = ()
    invoices: tuple[OpenInvoice, ...] = ()
    payments: tuple[Payment, ...] = ()
    disputes: tuple[Dispute, ...] = ()


class InvoiceAccount(Part):
    """An invoice with where it stands, what was paid for it, and what of it is contested."""

    invoice: Invoice
    document: BillingDocument
    payments: tuple[Payment, ...] = ()
    disputes: tuple[Dispute, ...] = ()


@dataclass(frozen=True)
class ReceivablesDesk:
    """Receivables, for any surface."""

    engine: Engine
    books: Books
    policies: Policies
    credits: CreditDesk
    patience: timedelta = _PATIENCE

    async def poll(self) -> ReceivablesHeard:
        """A round of the schedule, now; waits until every customer concerned was followed, or waits for people."""
        heard: ReceivablesHeard = await result_of(await self.begin_poll())
        await asyncio.gather(*(self._followed(customer) for customer in heard.followed))
        return heard

    async def begin_poll(self) -> Handle:
        """The same, without waiting."""
        return await self.engine.started(
            PollReceivablesWorkflow.run,
            None,
            f"poll_receivables/by-hand/{uuid4().hex[:8]}",
            summary="Payments and open documents, asked for by hand",
            lane=options.URGENT,
        )

    async def customer(self, name: str) -> CustomerAccount:
        """By our reference, by its number alone, or by the ERP's id of it."""
        customer = await self._named(name)
        _, standing = await self.books.billing.follow_ups.look(customer)
        owed = tuple(one for one in standing.invoices if one.open.amount)
        today = standing.read_at.date()
        aging = self.policies.cash_terms(owed[0].entity if owed else "", today).aging
        return CustomerAccount(
            customer=customer,
            exposures=standing.exposures,
            aging=tuple(
                Aged(currency=one.open.currency, buckets=tuple(buckets(_items(owed, one), today, one.open.currency, aging)))
                for one in standing.exposures
            ),
            invoices=owed,
            payments=tuple(await self.books.billing.receivables.payments_of(customer)),
            disputes=tuple(await self.books.billing.disputes.list(customer=customer)),
        )

    async def invoice(self, name: str) -> InvoiceAccount:
        """By our reference, or by its number in the ERP."""
        document = await self._document(name)
        payments: Sequence[Payment] = []
        if document.target_id:
            payments = await self.books.billing.receivables.payments_on(document.system, document.target_id)
        return InvoiceAccount(
            invoice=await self.books.billing.documents.invoice(document.reference),
            document=document,
            payments=tuple(payments),
            disputes=tuple(await self.books.billing.disputes.list(document=document.reference, with_settled=True)),
        )

    # Disputes.

    @needs(Permission.RECEIVABLES)
    async def open_dispute(
        self, invoice: str, amount: Money, reason: str, *, name: str = "", item: str = "", line: int | None = None, actor: str
    ) -> Dispute:
        """A part of an invoice is contested: collections skip it and exposure shows it, until it is settled."""
        document = await self._document(invoice)
        if not reason.strip():
            raise Malformed("reason: it is not said what is contested.", remedy="Say what the customer contests.")
        known = await self.books.billing.disputes.list(document=document.reference, with_settled=True)
        key = name or f"{document.reference}.D{len(known) + 1}"
        origin = _origin(document, actor, "open_dispute")
        return await self.books.billing.disputes.open(
            key, document.reference, amount, reason, item=item, line=line, origin=origin
        )

    async def disputes(self, *, customer: str = "", with_settled: bool = False) -> Sequence[Dispute]:
        """What is contested, the oldest first."""
        named = await self._named(customer) if customer else ""
        return await self.books.billing.disputes.list(customer=named, with_settled=with_settled)

    @needs(Permission.RECEIVABLES)
    async def settle_dispute(self, key: str, conceded: Money, outcome: str, *, actor: str) -> Dispute:
        """``conceded`` is the customer's share: a credit of it is proposed, its items written off; the rest is owed again."""
        dispute = await self.books.billing.disputes.read(key)
        if conceded.currency != dispute.amount.currency or not Money.zero(conceded.currency) <= conceded <= dispute.amount:
            raise Malformed(
                f"conceded: {conceded} is no part of the {dispute.amount} that dispute {key} is about.",
                remedy=f"Give between 0 and {dispute.amount.amount} {dispute.amount.currency}.",
            )
        document = await self.books.billing.documents.read(dispute.document)
        if conceded.amount and dispute.settled_at is None:
            await self.credits.propose(_credit(dispute, document, conceded, outcome), actor=actor)
        return await self.books.billing.disputes.settle(key, conceded, outcome, origin=_origin(document, actor, "settle_dispute"))

    # Inside.

    async def _document(self, name: str) -> BillingDocument:
        found = await self.books.billing.documents.named(name)
        if found is None:
            raise NotFound(f"There is no invoice {name}.", remedy="Take its number from `handoff billing show CONTRACT`.")
        return found

    async def _named(self, name: str) -> str:
        for candidate in (name, f"CUST-{name}", await self.books.engagements.customer_with(name) or ""):
            if candidate and await self.books.billing.follow_ups.is_known(candidate):
                return candidate
        raise NotFound(
            f"Nothing is known of what a customer {name} owes.",
            remedy="Name it as invoices do (CUST-10100), by its account number, or by its id in the ERP.",
        )

    async def _followed(self, customer: str) -> None:
        """Until its follower ends, or waits for people."""
        handle: Any = self.engine.client.get_workflow_handle(f"follow_invoice/{customer}")
        deadline = asyncio.get_running_loop().time() + self.patience.total_seconds()
        while asyncio.get_running_loop().time() < deadline:
            try:
                if (await handle.describe()).close_time is not None or await waits_for_people(handle):
                    return
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return
                raise
            await asyncio.sleep(0.1)


def _items(owed: Sequence[OpenInvoice], exposure: Exposure) -> list[OpenItem]:
    return [
        OpenItem(reference=one.reference, due=one.due, open=one.open, disputed=one.disputed)
        for one in owed
        if one.due is not None and one.open.currency == exposure.open.currency
    ]


def _credit(dispute: Dispute, document: BillingDocument, conceded: Money, outcome: str) -> CreditRequest:
    """The customer's share before tax, of what the dispute names; it is not billed again."""
    net = conceded * (document.net.amount / document.total.amount) if document.tax.amount else conceded
    part = CreditPart(
        billable=dispute.item,
        line=None if dispute.item else dispute.line,
        amount=net.rounded(),
        disposition=CreditDisposition.WRITTEN_OFF,
    )
    reason = f"Dispute {dispute.key} settled: {outcome}"
    return CreditRequest(reference=f"{dispute.key}.CR", invoice=dispute.document, parts=(part,), reason=reason)


def _origin(document: BillingDocument, actor: str, step: str) -> Origin:
    return Origin(correlation=document.correlation or document.reference, engagement=document.contract, actor=actor, step=step)
