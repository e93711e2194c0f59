"""Billing eligibility: accepted milestones and scheduled items become billable; each is safe to run twice (R150, R73)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel
from temporalio import activity

from activities.acceptance import SUBMITTED
from activities.billing_books import BillingBooks, BillingPolicy
from activities.books import Audit, Dossiers
from activities.contract_of_record import ContractOfRecord, ContractsOfRecord
from activities.metering import Metering
from canonical.acceptance import Acceptance, AcceptanceState
from canonical.billable import Billable, BillableKind
from canonical.contract import ContractLine
from canonical.exception import Finding
from canonical.intake import Intake, Judgement
from canonical.money import Money
from canonical.provenance import Entry, Origin
from canonical.quote import BillingKind
from canonical.rules.eligibility import milestone_findings, milestone_item, scheduled_items
from canonical.sub_ledger import SubLedger, SubLedgerKind


class BillAccepted(BaseModel):
    """A milestone's acceptance; ``overridden`` are findings that a person let pass, by code and subject."""

    origin: Origin
    acceptance: Acceptance
    overridden: list[tuple[str, str]] = []


class EnterScheduled(BaseModel):
    """What the calendar makes billable of a contract, through a day (that day included)."""

    origin: Origin
    contract: str
    through: date


class Lapsed(BaseModel):
    """A retainer that expired on a day with something left."""

    name: str
    expires_on: date


class Entered(BaseModel):
    """What became billable; ``findings`` keep it from that. ``is_known`` says that it was so before."""

    findings: list[Finding] = []
    items: int = 0
    amount: Money | None = None
    is_known: bool = False
    entity: str = ""
    customer: str = ""
    expired: list[Lapsed] = []


@dataclass(frozen=True)
class EligibilityActivities:
    """The control point between delivery and billing."""

    record: ContractsOfRecord
    billing: BillingBooks
    policy: BillingPolicy
    dossiers: Dossiers
    audit: Audit
    metering: Metering

    @activity.defn
    async def enter_milestone(self, request: BillAccepted) -> Entered:
        """Judge an acceptance; the milestone becomes billable, once, or the findings say what is missing (R74, R75)."""
        acceptance, origin = request.acceptance, request.origin
        record = await self.record.read(acceptance.contract)
        if await self._newer(acceptance):
            return _entered(record, [], is_known=True)  # a later word of it counts
        if acceptance.state is not AcceptanceState.ACCEPTED:
            return await self._withdrawn(record, acceptance, origin)
        found = milestone_findings(record.contract, acceptance, await self._accepted(record))
        findings = [one for one in found if (one.code, one.subject) not in request.overridden or not one.can_override]
        item = milestone_item(record.contract, acceptance, record.project.dimensions)
        if findings or item is None:
            return _entered(record, [], findings=findings)
        entered = await self._entered(record, [item], origin, batch=f"milestone/{item.reference}/{acceptance.version}")
        newer = await self._newer(acceptance)
        if newer is None or newer.state is AcceptanceState.ACCEPTED:
            return entered
        return await self._withdrawn(record, newer, origin)  # taken back while it was entered, when there was nothing to withdraw

    async def _newer(self, acceptance: Acceptance) -> Acceptance | None:
        """The last word on the milestone, if it came after this one."""
        kept = await self.dossiers.all_of(SUBMITTED, acceptance.subject)
        words = [Acceptance.model_validate(one) for one in kept]
        later = [one for one in words if one.version > acceptance.version]
        return max(later, key=lambda one: one.version, default=None)

    @activity.defn
    async def enter_scheduled(self, request: EnterScheduled) -> Entered:
        """Subscription periods that have begun, retainers on signing, fees by date, and what was used in periods that are over;
        asked again, nothing is new (S01)."""
        record = await self.record.read(request.contract)
        await self._keep_sub_ledgers(record, request.origin, request.through)
        use = await self.metering.due(record, request.through)
        items = [*scheduled_items(record.contract, record.schedule, request.through, record.project.dimensions), *use.items]
        intake = await self._taken_in(items, request.origin, batch=f"scheduled/{request.contract}/{request.through}")
        await self.metering.settle(record, use, intake, request.origin)
        entered = _entered(record, items, findings=list(use.missing), is_known=_is_known(items, intake))
        return entered.model_copy(update={"expired": await self._expired(request.contract, request.through)})

    async def _expired(self, contract: str, through: date) -> list[Lapsed]:
        return [
            Lapsed(name=one.name, expires_on=one.expires_on)
            for one in await self.billing.sub_ledgers.of(contract)
            if one.expires_on and one.expires_on <= through and one.balance and one.balance.amount > 0
        ]

    async def _entered(self, record: ContractOfRecord, items: list[Billable], origin: Origin, *, batch: str) -> Entered:
        return _entered(record, items, is_known=_is_known(items, await self._taken_in(items, origin, batch=batch)))

    async def _taken_in(self, items: list[Billable], origin: Origin, *, batch: str) -> Intake:
        return await self.billing.entries.accept([self._coded(item) for item in items], batch=batch, origin=origin)

    def _coded(self, item: Billable) -> Billable:
        code = self.policy.tax_code(item.entity, item.kind, item.service.start)
        return item.model_copy(update={"tax_code": code}) if code and not item.tax_code else item

    async def _accepted(self, record: ContractOfRecord) -> set[str]:
        """The milestones of the contract that were accepted before, by their own references."""
        prefix = f"{record.contract.reference}."
        names = [f"{prefix}{term.reference}" for line in record.contract.lines for term in line.milestones]
        return {state.item.reference.removeprefix(prefix) for state in await self.billing.billables.read(names)}

    async def _withdrawn(self, record: ContractOfRecord, acceptance: Acceptance, origin: Origin) -> Entered:
        """An acceptance that is taken back: what is not billed is withdrawn, what is billed needs a credit (S24)."""
        item = milestone_item(record.contract, acceptance, record.project.dimensions)
        if item is None:
            return _entered(record, [])
        gone = await self.billing.billables.withdraw(
            [(item.reference, item.source, acceptance.version)], "the acceptance was withdrawn", origin=origin
        )
        billed = gone.of(Judgement.AFTER_BILLING)
        return _entered(record, [], findings=[_billed_already(acceptance, item)] if billed else [])

    async def _keep_sub_ledgers(self, record: ContractOfRecord, origin: Origin, on: date) -> None:
        """Retainers, caps and purchase orders of the contract as accounts; their balances stay."""
        contract = record.contract
        share = self.policy.top_up_share(contract.entity, on)
        tolerance = self.policy.order_tolerance(contract.entity, contract.payer.reference, contract.currency, on)
        expires_on = _expiry(record, self.policy.retainer_months(contract.entity, on))
        known = {(one.kind, one.name): one for one in await self.billing.sub_ledgers.of(contract.reference)}
        for agreed in _sub_ledgers(record, share, tolerance, expires_on):
            kept = known.get((agreed.kind, agreed.name))
            account = _raised(agreed, kept)
            if kept is None or _policy(kept) != _policy(account):
                await self.billing.sub_ledgers.open(account, origin=origin)
                entry = Entry(action="keep_sub_ledger", origin=origin, kind=account.kind.value, source_id=account.name)
                await self.audit.note([entry])


def _expiry(record: ContractOfRecord, months: int | None) -> date | None:
    """The first day on which what is left of the contract's retainers may be broken."""
    term = record.contract.term
    return term.start + relativedelta(months=months) if months and term else None


def _raised(agreed: SubLedger, kept: SubLedger | None) -> SubLedger:
    """What a person recorded meanwhile (an order that was raised, a retainer that was extended) stays."""
    if kept is None:
        return agreed
    return agreed.changed(ceiling=kept.ceiling, agreed=kept.agreed, expires_on=kept.expires_on or agreed.expires_on)


def _policy(account: SubLedger) -> tuple[Decimal, ...]:
    """What policy says of an account; nothing is as good as not said."""
    return tuple(one.amount if one else Decimal(0) for one in (account.tolerance, account.threshold))


def _sub_ledgers(record: ContractOfRecord, share: Decimal, tolerance: Money, expires_on: date | None) -> list[SubLedger]:
    contract = record.contract
    facts: dict[str, Any] = {"contract": contract.reference, "customer": contract.payer.reference, "currency": contract.currency}

    def of_line(line: ContractLine) -> SubLedger | None:
        if line.kind is BillingKind.RETAINER and line.amount:
            threshold = (line.amount * share).rounded()
            terms: dict[str, Any] = {"agreed": line.amount, "threshold": threshold, "expires_on": expires_on}
            return SubLedger(kind=SubLedgerKind.RETAINER, name=line.reference, **terms, **facts)
        if line.cap:
            return SubLedger(kind=SubLedgerKind.CAP, name=line.reference, ceiling=line.cap, **facts)
        return None

    lines = [account for line in contract.lines if (account := of_line(line))]
    orders = {
        order.number: SubLedger(
            kind=SubLedgerKind.PURCHASE_ORDER, name=order.number, ceiling=order.amount, tolerance=tolerance, **facts
        )
        for order in contract.purchase_orders
        if order.amount
    }
    return [*lines, *orders.values()]


def _entered(
    record: ContractOfRecord, items: list[Billable], *, findings: list[Finding] | None = None, is_known: bool = False
) -> Entered:
    contract = record.contract
    return Entered(
        findings=findings or [],
        items=len(items),
        amount=Money.sum((item.amount for item in items), contract.currency),
        is_known=is_known,
        entity=contract.entity,
        customer=contract.payer.reference,
    )


def _is_known(items: list[Billable], intake: Intake) -> bool:
    return bool(items) and not intake.count(Judgement.NEW) + intake.count(Judgement.CHANGED)


def _billed_already(acceptance: Acceptance, item: Billable) -> Finding:
    assert item.kind is BillableKind.MILESTONE
    return Finding(
        code="ACCEPTANCE_WITHDRAWN",
        subject=acceptance.milestone,
        sentence=f"The acceptance of {item.description} ({item.amount}) was withdrawn after it was billed.",
        remedy="Propose a credit of the milestone, or have the acceptance restored; then settle with retry.",
        money=item.amount,
        evidence={"milestone": item.reference, "version": acceptance.version},
        can_override=False,
    )
