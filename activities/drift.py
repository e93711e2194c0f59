"""Whether the PSA still says what was sold; a change by a system that does not own it is listed with both values (R25, C2)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel
from temporalio import activity

from activities.books import Cases, Clock, Dossiers, Engagements
from activities.ports import ActivationPolicy, Psa
from activities.systems import Systems
from canonical.activation import ActivationDossier
from canonical.errors import NotOwner
from canonical.exception import Case
from canonical.landscape import Capability, Scope
from canonical.project import Milestone, ProjectRecord, ProjectState
from canonical.provenance import Origin


class CompareProject(BaseModel):
    """Which living engagement to look at."""

    origin: Origin
    contract: str


@dataclass(frozen=True)
class Change:
    """One field that is no longer as it was sold."""

    field: str
    subject: str
    held: str
    offered: str


@dataclass(frozen=True)
class DriftActivities:
    """Reads the project back and compares it with what its contract sold."""

    systems: Systems
    policy: ActivationPolicy
    dossiers: Dossiers
    engagements: Engagements
    cases: Cases
    clock: Clock

    @activity.defn
    async def compare_project(self, request: CompareProject) -> list[int]:
        """Open a case for each change by a non-owner; where the PSA owns the project, its changes stand. Answers the numbers."""
        sold = [ActivationDossier.model_validate(d) for d in await self.dossiers.all_of("activation", request.contract)]
        board, now = await self.engagements.read(request.contract), await self.clock.now()
        target = (board.targets or {}).get("psa_project") if board else None
        if not sold or target is None:
            return []
        contract = sold[-1].contract
        scope = Scope(entity=contract.entity, region=contract.region, service_line=contract.service_line, service_date=now.date())
        name = self.policy.system_for(Capability.PSA, scope)
        if name is None:
            return []
        record = await self.systems.get(name, Psa).read_project(target)
        refused = [r for change in changes(sold, record) if (r := self._refusal(name, change, scope)) is not None]
        return await self.cases.open([await self._case(request, contract.entity, change, error) for change, error in refused])

    def _refusal(self, writer: str, change: Change, scope: Scope) -> tuple[Change, NotOwner] | None:
        try:
            self.policy.require_owner(writer, "project", change.field, scope, held=change.held, offered=change.offered)
        except NotOwner as refused:
            return change, refused
        return None

    async def _case(self, request: CompareProject, entity: str, change: Change, refused: NotOwner) -> Case:
        now = await self.clock.now()
        terms = self.policy.case_terms(refused.specific_code, entity, now)
        return Case(
            key=f"{refused.specific_code}/{request.contract}/{change.subject}",
            code=refused.specific_code,
            sentence=f"{refused.message}: sold was {change.held}, there it is {change.offered}.",
            remedy=refused.remedy,
            subject=change.subject,
            evidence=refused.evidence,
            engagement=request.contract,
            project=request.contract,
            entity=entity,
            correlation=request.origin.correlation,
            control_point="project_provisioning",
            step=request.origin.step,
            owner_role=terms.owner_role,
            opened_at=now,
            due_at=terms.due_at,
        )


def changes(sold: list[ActivationDossier], record: ProjectRecord) -> Iterator[Change]:
    """What differs: the state, and every milestone that was sold."""
    if record.state is ProjectState.ARCHIVED:
        yield Change("state", "state", ProjectState.ACTIVE.value, record.state.value)
    milestones: dict[str, Milestone] = {m.reference: m for dossier in sold for m in dossier.project.milestones}
    for reference, milestone in milestones.items():
        now = record.milestones.get(reference)
        if now != milestone.amount:
            yield Change("milestones", reference, str(milestone.amount), str(now) if now else "missing")
