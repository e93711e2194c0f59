"""The contract that billing goes by: what was activated, with the ids of what it became in each system."""

from dataclasses import dataclass

from activities.books import Dossiers, Engagements
from canonical.activation import ActivationDossier
from canonical.billing_schedule import BillingSchedule
from canonical.contract import Contract
from canonical.errors import NotFound
from canonical.party import Customer
from canonical.project import Project
from canonical.revenue_event import Treatment
from canonical.schema import Part

BILL_TO = "bill_to"


class ContractOfRecord(Part):
    """The activated contract; ``targets`` are its records' ids by kind (customer, psa_project, erp_project ...)."""

    contract: Contract
    project: Project
    schedule: BillingSchedule
    treatments: dict[str, Treatment] = {}
    targets: dict[str, str] = {}

    @property
    def lines_of_tasks(self) -> dict[str, str]:
        """Which contract line each task of the project belongs to."""
        return {task.reference: phase.line for phase in self.project.phases for task in phase.tasks}


@dataclass(frozen=True)
class ContractsOfRecord:
    """Reads the dossiers that activation kept; workstreams that came later are part of it."""

    dossiers: Dossiers
    engagements: Engagements

    async def read(self, contract: str) -> ContractOfRecord:
        """The newest version that was activated. Raises NotFound for a contract that never was."""
        kept = [ActivationDossier.model_validate(one) for one in await self.dossiers.all_of("activation", contract)]
        if not kept:
            raise NotFound(
                f"Contract {contract} was never activated", remedy="Start its handoff first: `handoff start`, then bill it."
            )
        newest = max(dossier.contract.version for dossier in kept)
        parts = [dossier for dossier in kept if dossier.contract.version == newest]
        row = await self.engagements.read(contract)
        return ContractOfRecord(
            contract=parts[-1].contract,
            project=_project(parts),
            schedule=_schedule(parts),
            treatments={item.line: Treatment(item.treatment) for part in parts for item in part.revenue.items},
            targets=(row.targets if row else None) or {},
        )

    async def payer(self, record: ContractOfRecord, customer: str) -> Customer:
        """Whom a document bills: the contract's payer, or whom a credit was billed again to (S07)."""
        if customer == record.contract.payer.reference:
            return record.contract.payer
        kept = await self.dossiers.all_of(BILL_TO, customer)
        if not kept:
            raise NotFound(
                f"Nothing is known of {customer}, who is billed for {record.contract.reference}",
                remedy="Name the other bill-to in the credit that is billed again: its legal name, address and tax number.",
            )
        return Customer.model_validate(kept[-1])


def _project(parts: list[ActivationDossier]) -> Project:
    phases = {phase.reference: phase for part in parts for phase in part.project.phases}
    milestones = {one.reference: one for part in parts for one in part.project.milestones}
    return parts[0].project.model_copy(update={"phases": tuple(phases.values()), "milestones": tuple(milestones.values())})


def _schedule(parts: list[ActivationDossier]) -> BillingSchedule:
    items = {item.reference: item for part in parts for item in part.schedule.items}
    rules = {rule.reference: rule for part in parts for rule in part.schedule.rules}
    return parts[0].schedule.model_copy(update={"items": tuple(items.values()), "rules": tuple(rules.values())})
