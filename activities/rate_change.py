"""A rate that changed for work already done: what follows for each item, by the firm's policy (R56, S05)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import Receivables
from activities.books import Cases, Clock
from activities.case import case_key
from activities.contract_of_record import ContractsOfRecord
from activities.repricing import Repricer, no_price, rate_for
from activities.systems import Systems
from canonical.billable import Billable, CreditDisposition
from canonical.billing_document import BillingDocument, DocumentKind
from canonical.credit import CreditPart, CreditRequest, Rebill
from canonical.exception import Finding
from canonical.invoice import InvoiceState
from canonical.money import Money
from canonical.provenance import Origin
from canonical.rules.retroactive import Plan, PricedWork, Reprice, plan_change

_POSTED = {InvoiceState.POSTED, InvoiceState.PARTLY_PAID, InvoiceState.PAID}
_UNPRICED = "RATE_ZERO"


class FollowRates(BaseModel):
    """A version of a rate card was imported; what of this contract does it concern?"""

    origin: Origin
    contract: str
    card: str
    version: int


class RateChange(BaseModel):
    """What came of it: items rated again, deltas to bill, credits to propose, what has no price, what has one again."""

    rated_again: int = 0
    deltas: int = 0
    delta: Money | None = None
    credits: list[CreditRequest] = []
    findings: list[Finding] = []
    sound: list[str] = []
    entity: str = ""
    customer: str = ""


@dataclass
class _Seen:
    """All time of a contract as the change finds it."""

    changes: list[Reprice] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unpriced: list[str] = field(default_factory=list)
    sound: list[str] = field(default_factory=list)
    work: dict[str, PricedWork] = field(default_factory=dict)


@dataclass(frozen=True)
class RateChangeActivities:
    """Safe to run twice: what a change made is there the next time, and differs no more."""

    record: ContractsOfRecord
    systems: Systems
    billing: BillingBooks
    policy: BillingPolicy
    cases: Cases
    clock: Clock

    @activity.defn
    async def follow_rates(self, request: FollowRates) -> RateChange:
        """Rate again what is not billed; make deltas of what is owed more; name the credits of what is owed less."""
        record = await self.record.read(request.contract)
        documents = {one.reference: one for one in await self.billing.documents.of(request.contract)}
        paid = await self._paid(documents.values())
        seen = await self._seen(request.contract, paid)
        entity, today = record.contract.entity, (await self.clock.now()).date()
        plan = plan_change(seen.changes, self.policy.retroactive_policy(entity, today))
        plan = _only_posted(plan, documents)
        batch = f"rates/{request.card}.v{request.version}/{request.contract}"
        repricer = Repricer(self.record, self.billing, self.policy)
        rated = [*plan.rerated, *plan.rerated_rests]
        await repricer.rate_again(rated, batch=batch, origin=request.origin)
        deltas = [_numbered(item, documents) for item in plan.delta_items()]
        if deltas:
            await self.billing.entries.accept(deltas, batch=f"{batch}/deltas", origin=request.origin)
        await self.billing.billables.hold(seen.unpriced, _UNPRICED, request.card, origin=request.origin)
        await self.billing.billables.release(seen.sound, origin=request.origin)
        await self._heal(seen, request.origin)
        return RateChange(
            rated_again=len(rated),
            deltas=len(deltas),
            delta=Money.sum((one.amount for one in deltas), record.contract.currency) if deltas else None,
            credits=_credits(request, plan, seen.work, documents),
            findings=[*seen.findings, *_unposted(plan, documents)],
            sound=seen.sound,
            entity=entity,
            customer=record.contract.payer.reference,
        )

    async def _seen(self, contract: str, paid: frozenset[str]) -> _Seen:
        repricer, seen = Repricer(self.record, self.billing, self.policy), _Seen()
        book = await repricer.book(contract)
        async for one in repricer.work(contract):
            priced = rate_for(book, one)
            if priced is None or one.quantity <= 0:
                continue
            if priced.rate.rate.amount <= 0:
                seen.findings.append(no_price(one, priced))
                seen.unpriced += [] if one.standing else [one.item.reference]
                continue
            change = repricer.repriced(one, priced, paid)
            seen.work[one.item.reference] = one
            seen.sound += [one.item.reference] if one.hold_code == _UNPRICED else []
            seen.changes.append(change)
        return seen

    async def _heal(self, seen: _Seen, origin: Origin) -> None:
        """What has a price again, billed or not, is nobody's exception any more."""
        told = [Finding(code=_UNPRICED, sentence="", remedy="", subject=name) for name in seen.work]
        keys = [case_key(origin, finding) for finding in told]
        if keys:
            await self.cases.resolve(keys, actor=origin.actor, reason="The work has a price now.")

    async def _paid(self, documents: Iterable[BillingDocument]) -> frozenset[str]:
        """What is paid, or partly paid, is the ERP's to say; what credits settled of an invoice is no payment."""
        paid, known = set[str](), list(documents)
        for one in known:
            if one.state is InvoiceState.PAID:
                paid.add(one.reference)
            elif one.state in _POSTED and one.kind is DocumentKind.INVOICE:
                found = await self.systems.get(one.system, Receivables).read_invoice(one.target_id)
                memos = (memo for memo in known if memo.kind is DocumentKind.CREDIT_MEMO and memo.invoice == one.reference)
                credited = Money.sum((memo.total - memo.open for memo in memos if memo.state in _POSTED), one.total.currency)
                paid |= {one.reference} if found.open + credited < found.total else set()
        return frozenset(paid)


def _only_posted(plan: Plan, documents: Mapping[str, BillingDocument]) -> Plan:
    """What is billed and not posted yet cannot be credited: it has a delta of its own."""

    def is_posted(one: Reprice) -> bool:
        return documents[one.work.invoice].state in _POSTED

    others = (one for one in plan.rebilled if not is_posted(one))
    return plan.changed(rebilled=tuple(filter(is_posted, plan.rebilled)), deltas=(*plan.deltas, *others))


def _numbered(delta: Billable, documents: Mapping[str, BillingDocument]) -> Billable:
    """With the number of the invoice that it corrects, which is what the customer knows."""
    number = documents[delta.evidence["invoice"]].number or delta.evidence["invoice"]
    return delta.model_copy(update={"evidence": {**delta.evidence, "invoice_number": number}})


def _credits(
    request: FollowRates, plan: Plan, parts: Mapping[str, PricedWork], documents: Mapping[str, BillingDocument]
) -> list[CreditRequest]:
    """A lower rate is credited in one memo; an unpaid invoice, where policy says so, as a whole and billed again."""
    tag = f"{request.card.rpartition('.')[2]}-v{request.version}"
    reason = f"Rate card {request.card} version {request.version}"
    found = [
        CreditRequest(
            reference=f"{invoice}.{tag}",
            invoice=invoice,
            parts=tuple(CreditPart(billable=one.work.item.reference) for one in plan.rebilled if one.work.invoice == invoice),
            reason=reason,
            rebill=Rebill(at_current_rates=True),
        )
        for invoice in plan.invoices_to_credit
    ]
    less = [one for one in plan.price_adjustments() if documents[one.work.invoice].state in _POSTED]
    if less:
        own = _settles(less, documents)
        taken = tuple(part for one in less for part in _less(one, parts[one.work.item.reference], own))
        found.append(CreditRequest(reference=f"{own}.{tag}", invoice=own, parts=taken, reason=reason))
    return found


def _settles(less: Sequence[Reprice], documents: Mapping[str, BillingDocument]) -> str:
    """The invoice that the memo settles: the newest that is not paid, else the newest."""
    names = [name for name in documents if name in {one.work.invoice for one in less}]
    unpaid = {one.work.invoice for one in less if not one.work.is_paid}
    return [name for name in names if name in unpaid or not unpaid][-1]


def _less(change: Reprice, work: PricedWork, own: str) -> Iterator[CreditPart]:
    """So much less of an item, on the lines that bill it, the last one first."""
    left = -change.of_billed
    for part in reversed(work.standing):
        amount = min(left, part.amount)
        if not amount.is_zero:
            yield CreditPart(
                billable=work.item.reference,
                line=part.line,
                invoice="" if part.invoice == own else part.invoice,
                amount=amount,
                disposition=CreditDisposition.PRICE_ADJUSTMENT,
            )
        left = left - amount


def _unposted(plan: Plan, documents: Mapping[str, BillingDocument]) -> list[Finding]:
    """Less is owed of an invoice that is not posted: a person withdraws it, or has the card followed once it is posted."""
    late = [one for one in plan.price_adjustments() if documents[one.work.invoice].state not in _POSTED]
    return [
        Finding(
            code="RATE_CHANGE_UNPOSTED",
            subject=one.work.item.reference,
            sentence=f"{one.work.item.reference} is on invoice {one.work.invoice}, not posted, at {-one.of_billed} too much.",
            remedy="Withdraw that invoice, or let it be posted; then import the rate card once more.",
            money=-one.of_billed,
            evidence={"invoice": one.work.invoice, "rate_version": one.rate_version},
            can_override=False,
        )
        for one in late
    ]
