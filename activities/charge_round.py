"""One round of posting charges to an account: what it did, what failed, and what its charges are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from activities.billing_books import BillingPolicy
from activities.billing_ports import Receivables
from activities.books import Engagements
from activities.step import Asked, Step
from canonical.billable import Billable
from canonical.charge import ChargeLine
from canonical.errors import Failure, NotReady, OutcomePending, Rejected
from canonical.exception import Finding
from canonical.provenance import Origin

AT_ONCE = 8
OF_ONE_BATCH = (NotReady, OutcomePending)
"""What ails one batch, not the account: the others go on, and that batch is looked at again later."""


class ChargesPosted(BaseModel):
    """What it came to. ``more``: there was more than one activity should carry."""

    batches: int = 0
    items: int = 0
    taken_back: int = 0
    revised: int = 0
    refused: list[Finding] = []
    more: bool = False


@dataclass
class Round:
    """One attempt: what it did so far, and the failure that ends it."""

    erp: Receivables
    origin: Origin
    posted: ChargesPosted = field(default_factory=ChargesPosted)
    projects: dict[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    ended: bool = False

    def fail(self, failure: Failure) -> None:
        """What ails the account ends the round; what ails one batch is told when the others are through."""
        if self.failure is None or isinstance(self.failure, OF_ONE_BATCH):
            self.failure = failure
        self.ended = self.ended or not isinstance(failure, OF_ONE_BATCH)


@dataclass(frozen=True)
class ChargeLines:
    """Items as lines of charges, each at its contract's project."""

    engagements: Engagements
    policy: BillingPolicy

    async def of(self, items: Sequence[Billable], projects: dict[str, str]) -> list[ChargeLine]:
        """The lines; projects that are found are kept for the next ones."""
        for contract in {item.contract for item in items} - projects.keys():
            projects[contract] = await self._project(contract)
        code = self.policy.billing_code
        return [
            ChargeLine(billable=item, project_id=projects[item.contract], billing_code=code(item.work.role, item.service.start))
            for item in items
        ]

    async def _project(self, contract: str) -> str:
        row = await self.engagements.read(contract)
        project = ((row.targets if row else None) or {}).get("erp_project", "")
        if not project:
            raise Rejected(
                f"Contract {contract} has no project in the ERP that its work could be charged to",
                code="CHARGES_REFUSED",
                remedy="Let its activation create or match the project, then settle with retry.",
                evidence={"contract": contract},
            )
        return project


def asked_of(around: Round, *, verb: str, kind: str, reference: str, part: str = "") -> Asked:
    """A write of this round."""
    step = Step(origin=around.origin, dossier="", system=around.erp.name, part=part)
    return Asked.of(step, around.erp, verb=verb, kind=kind, reference=reference, declared_as="charges")


def told(line: ChargeLine) -> list[str]:
    """What makes a charge what it is; a later version of the same work is another charge only if it was taken back."""
    return [*named(line), str(line.billable.amount.amount)]


def named(line: ChargeLine) -> list[str]:
    """Which charge it is, whatever it is worth.

    A rate may change between a lost answer and the second asking: the charge is the same one, and its revision says its amount.
    """
    item = line.billable
    return [item.reference, item.currency, str(item.quantity), line.project_id, line.billing_code]
