"""The month end: progress is measured, revenue recognized, a month closed."""

from datetime import date

from pydantic import Field

from canonical.obligation import ProgressMeasure
from canonical.revenue_event import Progress
from policies.shape import Shape
from rehearsal.scene import Scene
from rehearsal.steps.verb import asked
from rehearsal.words import Amount

_PERIOD = r"^[0-9]{4}-[0-9]{2}$"


class Month(Shape):
    """A month of a legal entity."""

    entity: str = "US01"
    period: str = Field(pattern=_PERIOD)
    by: str = "cora.control@northwind.example"


class Measure(Shape):
    """How far a contract line's work is on a day."""

    contract: str
    line: str
    done: Amount
    expected: Amount
    on: date
    version: int = 1
    by: str = "fin.okafor@northwind.example"


class ClosingVerbs(Shape):
    """The verbs of this topic."""

    measure: Measure | None = None
    recognize: Month | None = None
    close: Month | None = None


class Closing:
    """The controller's people, at Handoff."""

    def __init__(self, scene: Scene) -> None:
        self._desk = scene.office.closing

    async def measure(self, given: Measure) -> None:
        """Keep the estimate."""
        progress = Progress(done=given.done, expected=given.expected)
        known = ProgressMeasure(
            contract=given.contract, line=given.line, as_of=given.on, version=given.version, progress=progress, source=given.by
        )
        await asked(self._desk.measure(known, actor=given.by))

    async def recognize(self, given: Month) -> None:
        """Run it; what waits for people waits."""
        await asked(self._desk.recognize(given.entity, given.period, actor=given.by))

    async def close(self, given: Month) -> None:
        """The same."""
        await asked(self._desk.close(given.entity, given.period, actor=given.by))
