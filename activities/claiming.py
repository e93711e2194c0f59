"""A billing run takes what is open: its documents, where they go, and what found no room (R76, R84)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import BaseModel
from temporalio import activity

from activities.billing_books import BillingBooks, BillingPolicy
from activities.billing_ports import GeneralLedger
from activities.books import Clock
from activities.contract_of_record import ContractOfRecord, ContractsOfRecord
from activities.late_work import LateWork
from activities.repricing import Repricer
from activities.systems import Systems
from canonical.billable import BillableKind
from canonical.claim import Claim, LeftOver
from canonical.exception import Finding
from canonical.invoice import InvoiceState
from canonical.journal import AccountingPeriod
from canonical.landscape import Capability, Scope
from canonical.provenance import Origin
from canonical.rules.close import closed_before, held_until_reopened, place

REBILL = "REBILL"
"""The code under which what a credit re-opened is kept for its own run."""
_UNDER_WAY = {InvoiceState.PROPOSED, InvoiceState.HELD, InvoiceState.RELEASED, InvoiceState.DRAFTED}
_ROUTED = (Capability.RECEIVABLES, Capability.GENERAL_LEDGER, Capability.TAX)


class ClaimRun(BaseModel):
    """A billing run of one contract: what is open through a day (that day included); ``run`` names it once for all.

    ``kinds`` narrow it (retainers on signing, say); none means everything. ``rebills`` names a credit: exactly what it re-opened
    is billed, to its other bill-to if it has one, whose id in the ERP is ``customer_id``.
    """

    origin: Origin
    contract: str
    run: str
    through: date
    kinds: tuple[BillableKind, ...] = ()
    rebills: str = ""
    customer_id: str = ""


class Run(BaseModel):
    """The documents of a run, where they go, and what waits for room under a cap or purchase order."""

    documents: list[str] = []
    routes: dict[str, str | None] = {}
    targets: dict[str, str] = {}
    findings: list[Finding] = []
    entity: str = ""
    customer: str = ""
    policy_version: str = ""


@dataclass(frozen=True)
class ClaimActivities:
    """The first step of a billing run; it touches our own books and only reads elsewhere."""

    record: ContractsOfRecord
    systems: Systems
    billing: BillingBooks
    policy: BillingPolicy
    late: LateWork
    clock: Clock

    @activity.defn
    async def claim_run(self, request: ClaimRun) -> Run:
        """Take what is open; the same run asked again has the same documents (U2)."""
        record, now = await self.record.read(request.contract), await self.clock.now()
        contract = record.contract
        scope = Scope(entity=contract.entity, region=contract.region, service_date=request.through)
        routes = {one.value: self.policy.system_for(one, scope) for one in _ROUTED}
        periods = await self._periods(contract.entity, routes.get(Capability.GENERAL_LEDGER.value))
        await self.late.settle(contract.entity, now, request.origin, contract=contract.reference, periods=periods)
        claim = self._claim(record, request, periods, now.date())
        run = Run(
            routes=routes,
            targets=_targets(record, request.customer_id),
            entity=contract.entity,
            customer=contract.payer.reference,
            policy_version=self.policy.version,
        )
        if isinstance(claim, Finding):
            return run.model_copy(update={"findings": [claim]})
        if request.rebills:
            claim = await self._exactly(claim, request)
        claimed = await self.billing.claims.claim(claim, origin=request.origin)
        documents = [document.reference for document in claimed.documents if document.state in _UNDER_WAY]
        return run.model_copy(update={"documents": documents, "findings": [_left(one) for one in claimed.left]})

    def _claim(
        self, record: ContractOfRecord, request: ClaimRun, periods: Sequence[AccountingPeriod], today: date
    ) -> Claim | Finding:
        """Accounted on the last day of the run while its period takes invoices, else on a day of the next that does (S27)."""
        contract = record.contract
        found = place(request.through, today, periods, receivables=True)
        if found is None:
            return held_until_reopened(f"Run {request.run}", request.through, today, None, subject=request.run)
        placed = found.accounting_date
        days = contract.payment_terms_days or self.policy.payment_days(contract.entity, today)
        return Claim(
            run=f"{contract.reference}/{request.run}",
            reference=f"{contract.reference}.{request.run}",
            contracts=(contract.reference,),
            through=request.through,
            kinds=request.kinds,
            group_by=self.policy.line_grouping(contract.entity, request.through),
            document_date=placed,
            accounting_date=placed,
            due_date=placed + timedelta(days=days),
            is_prior_period=found.is_prior_period,
            prior_before=closed_before(placed, periods),
            correlation=request.origin.correlation,
        )

    async def _exactly(self, claim: Claim, request: ClaimRun) -> Claim:
        """What a credit re-opened was kept from other runs until now."""
        proposal = await self.billing.credit_proposals.read(request.rebills)
        kept = await self.billing.billables.held_under(REBILL, contract=request.contract, note=request.rebills)
        rebill = proposal.request.rebill
        if rebill and rebill.at_current_rates:
            repricer = Repricer(self.record, self.billing, self.policy)
            batch = f"rebill/{request.rebills}"
            await repricer.reopened_at_current_rates(request.contract, proposal.reopened, batch=batch, origin=request.origin)
        await self.billing.billables.release(kept, origin=request.origin)
        bill_to = rebill.bill_to.reference if rebill and rebill.bill_to else ""
        memo = f"Billed again after credit {request.rebills}"
        return claim.model_copy(update={"billables": proposal.reopened, "through": None, "bill_to": bill_to, "memo": memo})

    async def _periods(self, entity: str, system: str | None) -> Sequence[AccountingPeriod]:
        return await self.systems.get(system, GeneralLedger).periods(entity) if system else []


def _targets(record: ContractOfRecord, customer_id: str) -> dict[str, str]:
    """The contract's records in the ERP; its project is its own customer's, and another bill-to has none there."""
    if not customer_id or customer_id == record.targets.get("customer"):
        return record.targets
    return {name: key for name, key in record.targets.items() if name != "erp_project"} | {"customer": customer_id}


def _left(left: LeftOver) -> Finding:
    what = "purchase order" if left.code == "PO_EXHAUSTED" else "cap of line"
    return Finding(
        code=left.code,
        subject=left.name,
        sentence=f"{left.amount} of contract {left.contract} found no room under {what} {left.name}; {left.items} items wait.",
        remedy=f"Have the {what} raised and recorded, or credit what used it up; the next run bills what fits.",
        money=left.amount,
        evidence={"contract": left.contract, "items": str(left.items)},
        can_override=False,
    )
