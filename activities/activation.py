"""Control point *contract activation*: one activity reads everything that is judged, judges it, and keeps the dossier."""

import asyncio
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel
from temporalio import activity

from activities.ports import (
    ActivationPolicy,
    Audit,
    Clock,
    Contracts,
    Crm,
    Customers,
    Dossiers,
    Engagements,
    Quotes,
)
from activities.systems import Systems, required
from canonical.activation import ActivationDossier
from canonical.contract import Contract
from canonical.document import SignedContract
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.errors import NotFound
from canonical.exception import Finding
from canonical.landscape import Capability, Scope
from canonical.party import Customer
from canonical.provenance import Entry, Origin
from canonical.quote import Deal, Quote
from canonical.rules.activation import ActivationCase, Judgement, judge
from canonical.rules.comparison import differences
from canonical.rules.composition import compose
from canonical.rules.matching import Match, MatchKind, match
from canonical.rules.planning import plan_project, plan_revenue, plan_schedule
from canonical.rules.signed_terms import SignedTerms, read_terms
from canonical.service_template import ServiceTemplate

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
    has_staffing: bool = False
    has_document: bool = False
    policy_version: str = ""


class _Records(BaseModel):
    """What was read from the selling side."""

    deal: Deal
    customer: Customer
    payer: Customer | None
    quote: Quote
    signed: SignedContract
    terms: SignedTerms


@dataclass(frozen=True)
class ActivationActivities:
    """Reading and judging a contract before anything is created."""

    systems: Systems
    policy: ActivationPolicy
    dossiers: Dossiers
    engagements: Engagements
    audit: Audit
    clock: Clock

    @activity.defn
    async def judge_activation(self, request: JudgeActivation) -> Judged:
        """Read, compose, judge, plan; safe to run any number of times, since it writes only what is the same each time."""
        today = (await self.clock.now()).date()
        records = await self._read(request.contract, today)
        contract = compose(version=request.version, **{name: getattr(records, name) for name in _Records.model_fields})
        scope = _scope(contract, today)
        case = await self._case(contract, records, scope, request, today)
        judgement = judge(case, overridden=frozenset(request.overridden))
        judged = await self._judged(case, judgement, records.signed, scope, request)
        await self._record(request, contract, judged)
        return judged

    async def _read(self, reference: str, today: date) -> _Records:
        anywhere = Scope(service_date=today)
        crm = self.systems.get(self._system(Capability.CRM, anywhere), Crm)
        contracts = self.systems.get(self._system(Capability.CONTRACTS, anywhere), Contracts)
        quotes = self.systems.get(self._system(Capability.QUOTES, anywhere), Quotes)
        signed, deal = await asyncio.gather(contracts.find_signed(reference), crm.find_deal(reference))
        if signed is None:
            raise NotFound(f"No contract system knows contract {reference}", remedy="Send it for signature under this reference.")
        if deal is None or deal.quote_id is None:
            raise NotFound(
                f"The CRM has no deal with a primary quote for contract {reference}",
                remedy="Put the contract's reference on the deal and make its quote the primary one, then settle with retry.",
            )
        customer, payer, quote = await asyncio.gather(
            crm.read_account(deal.account_id), _payer(crm, deal), quotes.read_quote(deal.quote_id)
        )
        terms = read_terms(signed.terms, self.policy.signed_labels(today))
        return _Records(deal=deal, customer=customer, payer=payer, quote=quote, signed=signed, terms=terms)

    async def _case(
        self, contract: Contract, records: _Records, scope: Scope, request: JudgeActivation, today: date
    ) -> ActivationCase:
        tolerance = self.policy.quote_tolerance(contract.entity, contract.currency, today)
        return ActivationCase(
            contract=contract,
            rules=self.policy.activation_rules(contract.entity, today),
            templates=tuple(self.policy.templates(today)),
            match=await self._match(contract, scope, request.adopted_customer),
            differences=tuple(differences(records.quote, records.terms, tolerance=tolerance)),
        )

    async def _match(self, contract: Contract, scope: Scope, adopted: str) -> Match:
        name = self.policy.system_for(Capability.CUSTOMERS, scope)
        if name is None:
            return Match(kind=MatchKind.NONE)
        candidates = await self.systems.get(name, Customers).candidates(contract.payer)
        chosen = [record for record in candidates if record.target_id == adopted]
        if chosen:
            return Match(kind=MatchKind.SAME, record=chosen[0])
        return match(contract.payer, candidates, entity=contract.entity)

    async def _judged(
        self, case: ActivationCase, judgement: Judgement, signed: SignedContract, scope: Scope, request: JudgeActivation
    ) -> Judged:
        contract = case.contract
        record = case.match.record
        judged = Judged(
            findings=list(judgement.blocking),
            held=judgement.held,
            routes={capability.value: self.policy.system_for(capability, scope) for capability in STEPS},
            customer_id=record.target_id if record else "",
            entity=contract.entity,
            customer=contract.payer.reference,
            title=contract.title,
            deal_id=contract.deal_id,
            value=str(contract.value),
            has_document=contract.document is not None,
            policy_version=self.policy.version,
        )
        if judgement.blocking:
            return judged
        dossier = self._dossier(case, judgement, signed, request)
        kept = await self.dossiers.keep("activation", contract.reference, dossier)
        return judged.model_copy(update={"dossier": kept, "has_staffing": bool(dossier.project.staffing)})

    def _dossier(
        self, case: ActivationCase, judgement: Judgement, signed: SignedContract, request: JudgeActivation
    ) -> ActivationDossier:
        contract, templates = case.contract, {template.reference: template for template in case.templates}
        wanted = request.workstreams if request.workstreams is not None else list(contract.workstreams)
        ready = [workstream for workstream in wanted if workstream not in judgement.held]
        schedule = plan_schedule(contract, workstreams=ready)
        if request.part:
            schedule = schedule.model_copy(update={"reference": f"{schedule.reference}.{request.part}"})
        return ActivationDossier(
            contract=contract,
            signed=signed,
            project=plan_project(contract, templates, workstreams=ready),
            schedule=schedule,
            revenue=plan_revenue(contract, templates, workstreams=ready),
            folders=_folders(contract, templates),
            workstreams=tuple(ready),
            policy_version=self.policy.version,
        )

    async def _record(self, request: JudgeActivation, contract: Contract, judged: Judged) -> None:
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
            origin=request.origin.model_copy(update={"mapping_version": self.policy.version}),
            kind="contract",
            source_id=contract.reference,
            target_id=judged.dossier[:16],
            outcome="waits" if judged.findings else "clear",
            details={**versions, **found},
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

    def _system(self, capability: Capability, scope: Scope) -> str:
        return required(capability, self.policy.system_for(capability, scope), scope)


def _scope(contract: Contract, today: date) -> Scope:
    start = contract.term.start if contract.term else today
    return Scope(entity=contract.entity, region=contract.region, service_line=contract.service_line, service_date=start)


async def _payer(crm: Crm, deal: Deal) -> Customer | None:
    if not deal.bill_to_account_id or deal.bill_to_account_id == deal.account_id:
        return None
    return await crm.read_account(deal.bill_to_account_id)


def _folders(contract: Contract, templates: dict[str, ServiceTemplate]) -> tuple[str, ...]:
    names = (folder for line in contract.lines for folder in templates[line.service_template].documents)
    return tuple(dict.fromkeys(names))
