"""What accounting does in the ERP's books: close, lock or reopen a month."""

from pydantic import Field

from policies.shape import Shape
from rehearsal.erp import PeriodState
from rehearsal.erps.registry import erp_of
from rehearsal.scene import Scene


class SetPeriod(Shape):
    """A month of the ERP's books is closed, locked for receivables, or open again; of one entity, or of all."""

    month: str = Field(pattern=r"^\d{4}-\d{2}$")
    state: PeriodState = "closed"
    entity: str | None = None


class BooksVerbs(Shape):
    """The verbs of this topic."""

    set_period: SetPeriod | None = None


class Books:
    """Accounting, in the ERP."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def set_period(self, given: SetPeriod) -> None:
        """From now on it takes postings, or takes none."""
        await erp_of(self._scene, given.entity).set_period(given.month, given.state, given.entity)
