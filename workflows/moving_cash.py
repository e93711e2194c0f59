"""Money that people have us move in the ERP: in whose name, for which contract, and whose exception it is when it cannot be."""

from pydantic import BaseModel
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from canonical.money import Money
    from canonical.provenance import Origin
    from workflows.insistent import Insistent
    from workflows.review import Subject


class Movement(BaseModel):
    """What every movement says of itself."""

    contract: str
    amount: Money
    policy_version: str = ""
    actor: str = "handoff"


class MovingCash(Insistent):
    """Base of processes that move one amount, once; ``about`` is what the trail finds it by."""

    def __init__(self, request: Movement, about: str) -> None:
        super().__init__(request.actor)
        self._movement, self._about = request, about

    def origin(self, step: str, actor: str = "") -> Origin:
        """The contract whose money it is."""
        return Origin(
            correlation=self._about,
            engagement=self._movement.contract,
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            mapping_version=self._movement.policy_version,
        )

    def trouble(self) -> Subject:
        """Its money waits."""
        return Subject("cash_application", project=self._movement.contract, money=self._movement.amount)
