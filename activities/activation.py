"""Control point *contract activation*: one activity reads everything that is judged, judges it, and keeps the dossier."""

from dataclasses import dataclass

from pydantic import BaseModel
from temporalio import activity

from activities.books import Audit, Clock, Dossiers, Engagements
from activities.contract_reader import ContractReader, ReadContract, dossier_of
from canonical.contract import Contract
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.exception import Finding
from canonical.landscape import Capability
from canonical.money import Money
from canonical.provenance import Entry, Origin
from canonical.rules.activation import Judgement, judge
from canonical.tax import TaxAnswer

STEPS = (
    Capability.CUSTOMERS,
    Capability.PSA,
    Capability.PROJECT_ACCOUNTING,
    Capability.BILLING,
    Capability.DOCUMENTS,
    Capability.CRM,
    Capability.TAX,
)


class JudgeActivation(BaseModel):
    """Which contract version, what people have overridden or adopted so far, and which workstreams (none: all that may start)."""

    origin: Origin
    contract: str
    version: int
    overridden: list[tuple[str, str]] = []
    adopted_customer: str = ""
    workstreams: list[str] | None = None
    part: str = ""


class Judged(BaseModel):
    """What the workflow goes on with; amounts and records are in the dossier."""

    findings: list[Finding] = []
    held: dict[str, Finding] = {}
    dossier: str = ""
    routes: dict[str, str | None] = {}
    customer_id: str = ""
    entity: str = ""
    customer: str = ""
    title: str = ""
    deal_id: str = ""
    value: str = ""
    at_risk: Money | None = None
    has_staffing: bool = False
    has_document: bool = False
    has_schedule: bool = True
    policy_version: str = ""


@dataclass(frozen=True)
class ActivationActivities:
    """Reading and judging a contract before anything is created."""

    reader: ContractReader
    dossiers: Dossiers
    engagements: Engagements
    audit: Audit
    clock: Clock

    @activity.defn
    async def judge_activation(self, request: JudgeActivation) -> Judged:
        """Read, compose, judge, plan; safe to run any number of times, since it writes only what is the same each time."""
        today = (await self.clock.now()).date()
        read = await self.reader.read(request.contract, version=request.version, today=today, adopted=request.adopted_customer)
        judgement = judge(read.case, overridden=frozenset(request.overridden))
        judged = await self._judged(read, judgement, request)
        await self._record(request, read.case.contract, judged, read.case.tax)
        return judged

    async def _judged(self, read: ReadContract, judgement: Judgement, request: JudgeActivation) -> Judged:
        case, policy = read.case, self.reader.policy
        contract = case.contract
        record = case.match.record
        judged = Judged(
            findings=list(judgement.blocking),
            held=judgement.held,
            routes={capability.value: policy.system_for(capability, read.scope) for capability in STEPS},
            customer_id=record.target_id if record else "",
            entity=contract.entity,
            customer=contract.payer.reference,
            title=contract.title,
            deal_id=contract.deal_id,
            value=str(contract.value),
            at_risk=contract.value,
            has_document=contract.document is not None,
            policy_version=policy.version,
        )
        if judgement.blocking:
            return judged
        dossier = dossier_of(
            read,
            judgement,
            policy_version=policy.version,
            recurring=policy.recurring_policy(*read.billed_by),
            workstreams=request.workstreams,
            part=request.part,
        )
        kept = await self.dossiers.keep("activation", contract.reference, dossier)
        return judged.model_copy(
            update={
                "dossier": kept,
                "has_staffing": bool(dossier.project.staffing),
                "has_schedule": dossier.schedule.says_something,
            }
        )

    async def _record(self, request: JudgeActivation, contract: Contract, judged: Judged, tax: TaxAnswer | None) -> None:
        await self.engagements.update(
            EngagementRow(
                reference=contract.reference,
                status=None if request.part or judged.findings else EngagementStatus.PROVISIONING,
                title=contract.title,
                customer=contract.payer.reference,
                entity=contract.entity,
                value=contract.value,
                version=contract.version,
                executed_at=contract.executed_at,
            )
        )
        found = {f.code + (f" {f.subject}" if f.subject else ""): f.sentence for f in [*judged.findings, *judged.held.values()]}
        versions = {f"{name} version": version for name, version in contract.source_versions.items()}
        entry = Entry(
            action="judge_activation",
            origin=request.origin.model_copy(update={"mapping_version": self.reader.policy.version}),
            kind="contract",
            source_id=contract.reference,
            target_id=judged.dossier[:16],
            outcome="waits" if judged.findings else "clear",
            details={**versions, **found, **_tax_told(tax)},
        )
        await self.audit.note([entry, *self._not_served(request, judged)])

    @staticmethod
    def _not_served(request: JudgeActivation, judged: Judged) -> list[Entry]:
        """Steps that no system of the landscape does are named in the trail, never passed over in silence."""
        missing = [capability for capability, system in judged.routes.items() if system is None]
        return [
            Entry(action=f"step {name}", origin=request.origin, kind=name, source_id=request.contract, outcome="not served")
            for name in missing
            if not judged.findings
        ]


def _tax_told(tax: TaxAnswer | None) -> dict[str, str]:
    """What the engine said before activation, for those who ask why a customer was not taxed."""
    if tax is None:
        return {}
    return {"tax": str(tax.tax)} | ({"exemption_certificate": tax.exemption_certificate} if tax.exemption_certificate else {})
