"""Control point cash application: what people must look at in a customer's payments, and what collections ask for (R102, S28)."""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta
from decimal import Decimal

from canonical.exception import Finding
from canonical.money import Money
from canonical.payment import PaymentKind, PaymentState
from canonical.receivable import CustomerStanding, HeldPayment, OpenInvoice
from canonical.rules.aging import BOUNDARIES, OpenItem, to_dun
from canonical.rules.exchange import AdvancePolicy
from canonical.rules.withholding import WithholdingPolicy, uncertified
from canonical.schema import Part


class CashTerms(Part):
    """What policy says of payments.

    A remainder up to ``tolerance`` is a small difference; one of at most ``short_below`` of the invoice is a short payment; a
    larger one is an instalment, which nobody is asked about. Dunning starts ``dunning_after_days`` after the due date. Where the
    ERP has customers that are none of ours, ``asks_of_unknown_payers`` says whether people are asked about their payments.
    """

    tolerance: tuple[Money, ...] = ()
    short_below: Decimal = Decimal("0.10")
    parked_hours: int = 24
    withholding: WithholdingPolicy = WithholdingPolicy()
    dunning_after_days: int = 0
    aging: tuple[int, ...] = BOUNDARIES
    advances: AdvancePolicy = AdvancePolicy.MONETARY
    asks_of_unknown_payers: bool = True

    def tolerated(self, currency: str) -> Money:
        """The small difference of a currency; none where policy names none."""
        return next((one for one in self.tolerance if one.currency == currency), Money.zero(currency))


class CashFinding(Part):
    """A finding, whose engagement and legal entity it concerns, and the business key of its exception."""

    finding: Finding
    key: str
    contract: str = ""
    entity: str = ""


def cash_findings(standing: CustomerStanding, terms: CashTerms) -> list[CashFinding]:
    """Everything in a customer's receivables that waits for people, in a stable order."""
    owed = {one.target_id for one in standing.invoices if one.open.amount > 0}
    found = [one for held in standing.payments for one in _of_payment(held, terms, standing.read_at, owed)]
    found += [one for invoice in standing.invoices for one in _short(invoice, terms)]
    return [*found, *_overdue(standing.invoices, terms, standing.read_at)]


def bucket_of(days: int, boundaries: Sequence[int] = BOUNDARIES) -> str:
    """The aging bucket of an item that has been overdue for so many days, as collections name it."""
    below = [edge for edge in boundaries if days > edge]
    above = [edge for edge in boundaries if days <= edge]
    if not below:
        return "not due"
    return f"{below[-1] + 1}-{above[0]} days" if above else f"more than {below[-1]} days"


def _of_payment(held: HeldPayment, terms: CashTerms, now: datetime, owed: Set[str]) -> Iterator[CashFinding]:
    """Left over is too much where nothing is owed any more of what it pays; else it is still to be applied."""
    payment = held.payment
    if payment.state is PaymentState.BOUNCED:
        yield _paid(held, _bounced(held))
    if payment.state is not PaymentState.RECEIVED or payment.kind is PaymentKind.DEPOSIT:
        return
    if payment.unapplied.amount > 0:
        is_settled = payment.applications and owed.isdisjoint(one.target_id for one in payment.applications)
        yield _paid(held, _over(held) if is_settled else _unapplied(held))
    if held.unknown.amount > 0 and now - held.first_seen_at >= timedelta(hours=terms.parked_hours):
        yield _paid(held, _parked(held, now))
    for finding in uncertified(payment, terms.withholding):
        yield _paid(held, finding)


def _short(invoice: OpenInvoice, terms: CashTerms) -> Iterator[CashFinding]:
    left = invoice.undisputed
    if left.amount <= 0 or invoice.paid.amount <= 0:
        return
    if left <= terms.tolerated(left.currency):
        yield _invoiced(invoice, _small(invoice))
    elif left.amount <= invoice.total.amount * terms.short_below:
        yield _invoiced(invoice, _deducted(invoice))


def _overdue(invoices: Sequence[OpenInvoice], terms: CashTerms, now: datetime) -> Iterator[CashFinding]:
    known = {one.reference: one for one in invoices if one.undisputed > terms.tolerated(one.open.currency)}
    items = [
        OpenItem(reference=one.reference, due=one.due, open=one.open, disputed=one.disputed) for one in known.values() if one.due
    ]
    for item in to_dun(items, now.date() - timedelta(days=terms.dunning_after_days)):
        yield _invoiced(known[item.reference], _to_collect(known[item.reference], item, terms, now))


def _paid(held: HeldPayment, finding: Finding) -> CashFinding:
    payment = held.payment
    key = "/".join((finding.code, payment.system, payment.source_id, finding.subject))
    return CashFinding(finding=finding, key=key, contract=held.contract, entity=held.entity or payment.entity)


def _invoiced(invoice: OpenInvoice, finding: Finding) -> CashFinding:
    bucket = finding.evidence.get("bucket", "")
    key = "/".join(filter(None, (finding.code, invoice.reference, bucket)))
    return CashFinding(finding=finding, key=key, contract=invoice.contract, entity=invoice.entity)


def _over(held: HeldPayment) -> Finding:
    payment = held.payment
    return Finding(
        code="OVER_PAYMENT",
        subject=payment.reference,
        sentence=f"{payment.customer} paid {payment.amount} with {payment.reference}: {payment.unapplied} more than was owed.",
        remedy="Apply it to another invoice (`handoff receivables apply`), refund it, or override to leave it on account.",
        money=payment.unapplied,
        evidence=_evidence(held),
    )


def _unapplied(held: HeldPayment) -> Finding:
    payment = held.payment
    return Finding(
        code="PAYMENT_UNAPPLIED",
        subject=payment.reference,
        sentence=f"{payment.customer} paid {payment.amount} with {payment.reference}; {payment.unapplied} is applied to nothing.",
        remedy="Apply it to what it pays (`handoff receivables apply`), or override to leave it on account.",
        money=payment.unapplied,
        evidence=_evidence(held),
    )


def _bounced(held: HeldPayment) -> Finding:
    payment = held.payment
    return Finding(
        code="PAYMENT_BOUNCED",
        subject=payment.reference,
        sentence=f"Payment {payment.reference} of {payment.customer} over {payment.amount} bounced: what it paid is open again.",
        remedy="Ask the customer for another payment; override once it is agreed how it is paid.",
        money=payment.amount,
        evidence=_evidence(held),
    )


def _parked(held: HeldPayment, now: datetime) -> Finding:
    payment, age = held.payment, now - held.first_seen_at
    hours = int(age.total_seconds() // 3600)
    return Finding(
        code="PAYMENT_FOR_UNKNOWN_INVOICE",
        subject=payment.reference,
        sentence=f"Payment {payment.reference} of {payment.customer} has paid {held.unknown} of unknown documents for {hours} h.",
        remedy="Find out in the ERP what was paid: an invoice made there by hand, or one of ours that was never recorded.",
        money=held.unknown,
        evidence=_evidence(held) | {"age_hours": str(hours)},
    )


def _small(invoice: OpenInvoice) -> Finding:
    return Finding(
        code="SMALL_DIFFERENCE",
        subject=invoice.reference,
        sentence=f"{invoice.undisputed} of invoice {invoice.number or invoice.reference} is left open, within the tolerance.",
        remedy="Write it off in the ERP, or credit it; this closes by itself once nothing is open.",
        money=invoice.undisputed,
        evidence=_facts(invoice),
    )


def _deducted(invoice: OpenInvoice) -> Finding:
    return Finding(
        code="SHORT_PAYMENT",
        subject=invoice.reference,
        sentence=f"Invoice {invoice.number or invoice.reference} was paid {invoice.undisputed} short of {invoice.total}.",
        remedy="Ask why: record a dispute (`handoff dispute open`), ask for a tax certificate, or override to dun the rest.",
        money=invoice.undisputed,
        evidence=_facts(invoice),
    )


def _to_collect(invoice: OpenInvoice, item: OpenItem, terms: CashTerms, now: datetime) -> Finding:
    days = item.days_overdue(now.date())
    bucket = bucket_of(days, terms.aging)
    name = invoice.number or invoice.reference
    disputed = f"; {invoice.disputed} of it is disputed and not asked for" if invoice.disputed.amount else ""
    return Finding(
        code="INVOICE_OVERDUE",
        subject=invoice.reference,
        sentence=f"{item.undisputed} of invoice {name} is overdue since {item.due} ({bucket}){disputed}.",
        remedy="Dun the customer; record what it contests (`handoff dispute open`), or override once payment is agreed.",
        money=item.undisputed,
        evidence=_facts(invoice) | {"bucket": bucket, "due": str(item.due)},
    )


def _evidence(held: HeldPayment) -> dict[str, str]:
    payment = held.payment
    paid = ", ".join(one.number or one.target_id for one in payment.applications)
    facts = {"system": payment.system, "payment": payment.source_id, "received": str(payment.received_on), "pays": paid}
    return {name: value for name, value in facts.items() if value}


def _facts(invoice: OpenInvoice) -> dict[str, str]:
    return {"invoice": invoice.reference, "number": invoice.number, "total": str(invoice.total), "open": str(invoice.open)}
