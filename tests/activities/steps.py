"""Every step of a handoff: how it is asked, what it calls, and what undoes it; one table for all tests of steps."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from activities.billing import BillingActivities
from activities.crm import CrmActivities, Tell
from activities.customer import CustomerActivities
from activities.documents import DocumentActivities
from activities.project_accounting import ProjectAccountingActivities
from activities.psa import PsaActivities
from activities.step import Step, Undo, Undone
from canonical.engagement import EngagementStatus
from canonical.written import Written
from tests.activities.firm import Firm, an_origin
from tests.activities.memory import Remembering

Do = Callable[[Any, Step], Coroutine[Any, Any, Written]]
Reverse = Callable[[Any, Undo], Coroutine[Any, Any, Undone]]
DONE_BEFORE: dict[str, Do] = {
    "psa_project": PsaActivities.create_psa_project,
    "erp_project": ProjectAccountingActivities.create_erp_project,
    "workspace": DocumentActivities.create_workspace,
}


@dataclass(frozen=True)
class Case:
    """A step; ``operation`` is the call that it makes, ``needs`` the target that an earlier step made."""

    do: Do
    capability: str
    operation: str
    undo: Reverse | None = None
    reversal: str = ""
    needs: str = ""
    part: str = ""

    @property
    def name(self) -> str:
        return self.do.__name__


CASES = [
    Case(
        CustomerActivities.create_customer,
        "customers",
        "create_customer",
        CustomerActivities.withdraw_customer,
        "withdraw_customer",
    ),
    Case(PsaActivities.create_psa_project, "psa", "create_project", PsaActivities.archive_psa_project, "archive_project"),
    Case(PsaActivities.add_psa_phases, "psa", "add_phases", needs="psa_project", part="WS-B"),
    Case(PsaActivities.request_staffing, "psa", "request_staffing", needs="psa_project"),
    Case(PsaActivities.activate_psa_project, "psa", "activate_project", needs="psa_project"),
    Case(
        ProjectAccountingActivities.create_erp_project,
        "project_accounting",
        "create_project",
        ProjectAccountingActivities.withdraw_erp_project,
        "withdraw_project",
    ),
    Case(ProjectAccountingActivities.add_erp_phases, "project_accounting", "add_phases", needs="erp_project", part="WS-B"),
    Case(
        BillingActivities.create_schedule,
        "billing",
        "create_schedule",
        BillingActivities.cancel_schedule,
        "cancel_schedule",
        "erp_project",
    ),
    Case(
        DocumentActivities.create_workspace,
        "documents",
        "create_workspace",
        DocumentActivities.withdraw_workspace,
        "withdraw_workspace",
    ),
    Case(DocumentActivities.file_signed_contract, "documents", "upload", needs="workspace"),
]
UNDONE = [case for case in CASES if case.undo is not None]
_NUMBERS = count(1)
OF_NEED = {"psa_project": "psa", "erp_project": "project_accounting", "workspace": "documents"}


@dataclass
class Scene:
    """A case in a firm: the contract is sold, what the step needs is there."""

    firm: Firm
    case: Case
    contract: str
    step: Step
    system: Remembering = field(init=False)

    def __post_init__(self) -> None:
        self.system = self.firm.systems[self.step.system]
        self._before = self.system.living(self.contract)

    def made(self) -> list[str]:
        """What lives of the contract in the step's system, besides what the step needed."""
        living = self.system.living(self.contract)
        return [kind for kind in living if kind not in self._before]

    async def do(self) -> Written:
        return await self.firm.run(self.case.do, self.step)

    async def undo(self, reason: str = "The customer withdrew.") -> Undone:
        assert self.case.undo is not None
        return await self.firm.run(self.case.undo, Undo(step=self.step, reason=reason))

    def calls(self) -> int:
        return self.system.count(self.case.operation, self.contract)


async def set_scene(firm: Firm, case: Case) -> Scene:
    """Each scene has a contract of its own."""
    contract = f"C-{next(_NUMBERS)}-{case.name.replace('_', '-')}"
    firm.sell(contract)
    targets = {"customer": "501"}
    if case.needs:
        before = await firm.step(contract, OF_NEED[case.needs], **targets)
        targets[case.needs] = (await firm.run(DONE_BEFORE[case.needs], before)).target_id
    return Scene(firm, case, contract, await firm.step(contract, case.capability, part=case.part, **targets))


def a_word(contract: str, number: int = 1, **changes: Any) -> Tell:
    """What a deal is told."""
    facts: dict[str, Any] = {
        "origin": an_origin(contract),
        "system": "salesforce",
        "contract": contract,
        "version": 1,
        "deal_id": f"006-{contract}",
        "number": number,
        "occasion": EngagementStatus.ACTIVE,
        "note": "handed over",
        "targets": {"psa_project": "p-1"},
    }
    return Tell(**{**facts, **changes})


TELL = CrmActivities.tell_deal
