"""What meters say: readings of metered use."""

from datetime import date

from pydantic import Field

from canonical.usage import MeterReading, MeterReadings
from policies.shape import Shape
from rehearsal.scene import Scene
from rehearsal.steps.verb import asked
from rehearsal.words import Amount


class Reading(Shape):
    """What was used on a day; named after line and day unless a name is given, and corrected by a later version."""

    line: str
    on: date
    quantity: Amount
    reading: str = ""
    version: str = "1"


class Usage(Shape):
    """The readings of a meter are imported."""

    contract: str
    readings: tuple[Reading, ...] = Field(min_length=1)
    source: str = "meter"
    by: str = "handoff-cli"


class MeteringVerbs(Shape):
    """The verbs of this topic."""

    usage: Usage | None = None


class Metering:
    """Whoever runs the meter."""

    def __init__(self, scene: Scene) -> None:
        self._desk = scene.office.metering

    async def usage(self, given: Usage) -> None:
        """Import them."""
        readings = tuple(
            MeterReading(
                reading=one.reading or f"{given.contract}.{one.line}.{one.on}",
                version=one.version,
                contract=given.contract,
                line=one.line,
                used_on=one.on,
                quantity=one.quantity,
            )
            for one in given.readings
        )
        await asked(self._desk.take(MeterReadings(source=given.source, readings=readings), actor=given.by))
