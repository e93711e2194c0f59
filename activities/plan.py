"""The dry run: everything a handoff would create or change in each system, read and planned, nothing touched (DESIGN 1.9)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel
from temporalio import activity

from activities.books import Clock
from activities.contract_reader import ContractReader, ReadContract, dossier_of
from activities.ports import Billing, Documents, ProjectAccounting, Psa
from activities.systems import Systems
from canonical.activation import ActivationDossier
from canonical.exception import Finding
from canonical.landscape import Capability
from canonical.reference import business_key
from canonical.rules.activation import judge
from canonical.written import Written


class PlanActivation(BaseModel):
    """Which contract to plan for."""

    contract: str
    version: int = 1


class Effect(StrEnum):
    """What would happen to a thing."""

    CREATE = "create"
    CHANGE = "change"
    EXISTS = "exists"
    NOT_SERVED = "not served"


class PlannedWrite(BaseModel):
    """One write of the handoff: where, what, under which business key, and what it holds in people's words."""

    capability: str
    system: str | None
    what: str
    effect: Effect
    key: str = ""
    target_id: str = ""
    details: list[str] = []


class ActivationPlan(BaseModel):
    """The whole handoff before it happens; with blocking findings it would wait, and nothing beyond them is planned."""

    contract: str
    title: str = ""
    entity: str = ""
    value: str = ""
    findings: list[Finding] = []
    held: dict[str, Finding] = {}
    writes: list[PlannedWrite] = []
    policy_version: str = ""


Find = Callable[[], Awaitable[Written | None]]


@dataclass(frozen=True)
class PlanActivities:
    """Reads only."""

    systems: Systems
    reader: ContractReader
    clock: Clock

    @activity.defn
    async def plan_activation(self, request: PlanActivation) -> ActivationPlan:
        """Read, judge and plan as the control point does, then look in each system what is there already."""
        today = (await self.clock.now()).date()
        read = await self.reader.read(request.contract, version=request.version, today=today)
        contract, judgement = read.case.contract, judge(read.case)
        plan = ActivationPlan(
            contract=contract.reference,
            title=contract.title,
            entity=contract.entity,
            value=str(contract.value),
            findings=list(judgement.blocking),
            held=judgement.held,
            policy_version=self.reader.policy.version,
        )
        if judgement.blocking:
            return plan
        dossier = dossier_of(
            read, judgement, policy_version=plan.policy_version, recurring=self.reader.policy.recurring_policy(*read.billed_by)
        )
        return plan.model_copy(update={"writes": await self._writes(read, dossier)})

    async def _writes(self, read: ReadContract, dossier: ActivationDossier) -> list[PlannedWrite]:
        psa = await self._psa(read, dossier)
        return [
            await self._customer(read),
            psa,
            await self._erp(read, dossier),
            await self._schedule(read, dossier),
            await self._workspace(read, dossier),
            await self._staffing(read, dossier, psa.target_id),
            self._deal(read),
            self._tax(read),
        ]

    async def _customer(self, read: ReadContract) -> PlannedWrite:
        contract, record = read.case.contract, read.case.match.record
        payer, reference = contract.payer, f"{contract.payer.reference}.{contract.entity}"
        planned = self._route(read, Capability.CUSTOMERS, f"customer {payer.legal_name}", reference, "create_customer")
        if record is not None:
            return planned.model_copy(
                update={"effect": Effect.EXISTS, "target_id": record.target_id, "details": [record.legal_name]}
            )
        return planned

    async def _psa(self, read: ReadContract, dossier: ActivationDossier) -> PlannedWrite:
        project = dossier.project
        planned = self._route(read, Capability.PSA, f"project {project.title}", project.reference, "create_psa_project")
        phases = [f"phase {p.title}, {p.period}, {len(p.tasks)} tasks" for p in project.phases]
        milestones = [f"milestone {m.title}, {m.amount}" + (f", due {m.due}" if m.due else "") for m in project.milestones]
        planned = planned.model_copy(update={"details": [f"worth {project.value}, {project.period}", *phases, *milestones]})
        if planned.system is None:
            return planned
        psa = self.systems.get(planned.system, Psa)
        return await _seen(planned, lambda: psa.find_project(project.reference, key=planned.key))

    async def _erp(self, read: ReadContract, dossier: ActivationDossier) -> PlannedWrite:
        project = dossier.project
        planned = self._route(
            read, Capability.PROJECT_ACCOUNTING, f"project {project.title}", project.reference, "create_erp_project"
        )
        named = {name: value for name, value in project.dimensions.model_dump().items() if value}
        planned = planned.model_copy(update={"details": [f"{name.replace('_', ' ')}: {value}" for name, value in named.items()]})
        if planned.system is None:
            return planned
        erp = self.systems.get(planned.system, ProjectAccounting)
        return await _seen(planned, lambda: erp.find_project(project.reference, key=planned.key))

    async def _schedule(self, read: ReadContract, dossier: ActivationDossier) -> PlannedWrite:
        schedule = dossier.schedule
        what = f"billing schedule of {schedule.scheduled}"
        planned = self._route(read, Capability.BILLING, what, schedule.project, "create_schedule")
        items = [f"{item.title}: {item.amount}, {item.trigger.value.replace('_', ' ')}" for item in schedule.items]
        rules = [f"time on {rule.line}: {len(rule.rates)} rates" for rule in schedule.rules]
        told = [*items, *rules] or ["nothing is scheduled: use is billed as it is metered"]
        planned = planned.model_copy(update={"details": told})
        if planned.system is None or not schedule.says_something:
            return planned
        billing = self.systems.get(planned.system, Billing)
        return await _seen(planned, lambda: billing.find_schedule(schedule.reference, key=planned.key))

    async def _workspace(self, read: ReadContract, dossier: ActivationDossier) -> PlannedWrite:
        contract = dossier.contract
        planned = self._route(read, Capability.DOCUMENTS, "workspace", contract.reference, "create_workspace")
        signed = [f"signed contract {contract.document.name}"] if contract.document else []
        planned = planned.model_copy(update={"details": [*dossier.folders, *signed]})
        if planned.system is None:
            return planned
        documents = self.systems.get(planned.system, Documents)
        return await _seen(planned, lambda: documents.find_workspace(contract.reference, key=planned.key))

    async def _staffing(self, read: ReadContract, dossier: ActivationDossier, project_id: str) -> PlannedWrite:
        needs = dossier.project.staffing
        planned = self._route(read, Capability.PSA, "staffing request", dossier.project.reference, "request_staffing")
        told = [f"{need.role}: {need.hours:,f} hours, {need.period}" for need in needs] or ["no hours were sold"]
        planned = planned.model_copy(update={"details": told})
        if planned.system is None or not needs or not project_id:
            return planned
        psa = self.systems.get(planned.system, Psa)
        return await _seen(planned, lambda: psa.find_staffing(project_id, needs, key=planned.key))

    def _tax(self, read: ReadContract) -> PlannedWrite:
        """Asked of the engine, which records nothing yet."""
        planned, tax = self._route(read, Capability.TAX, "tax determination"), read.case.tax
        if tax is None:
            return planned
        told = f"{tax.tax} on {read.case.contract.value}"
        exempt = [f"exempt by certificate {tax.exemption_certificate}"] if tax.exemption_certificate else []
        return planned.model_copy(update={"details": [told, *exempt]})

    def _deal(self, read: ReadContract) -> PlannedWrite:
        planned = self._route(read, Capability.CRM, "status and ids on the deal", read.case.contract.reference, "tell_deal")
        changed = Effect.CHANGE if planned.system else planned.effect
        return planned.model_copy(update={"effect": changed, "target_id": read.case.contract.deal_id})

    def _route(self, read: ReadContract, capability: Capability, what: str, reference: str = "", verb: str = "") -> PlannedWrite:
        system = self.reader.policy.system_for(capability, read.scope)
        return PlannedWrite(
            capability=capability.value,
            system=system,
            what=what,
            effect=Effect.CREATE if system else Effect.NOT_SERVED,
            key=business_key(verb, reference) if verb else "",
        )


async def _seen(planned: PlannedWrite, find: Find) -> PlannedWrite:
    found = await find()
    return planned if found is None else planned.model_copy(update={"effect": Effect.EXISTS, "target_id": found.target_id})
