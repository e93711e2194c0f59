"""A month end under pressure: much work at once, billing that nobody waits for, and a queue that drains."""

from datetime import date, timedelta

from pydantic import Field

from policies.shape import Shape
from rehearsal.scene import Scene, StepFailed
from rehearsal.steps.acceptances import Accept, Acceptances
from rehearsal.steps.delivery import Delivery, Hours, RecordTime
from rehearsal.steps.verb import asked
from rehearsal.words import Amount, Stretch, spoken


class AcceptAll(Shape):
    """The customer accepts every milestone of a contract on one day."""

    contract: str
    on: date


class RecordDays(Shape):
    """So many people each record the same hours a day, for so many days on end; all of it is approved."""

    contract: str
    line: str
    role: str
    hours: Amount
    people: int = Field(ge=1)
    days: int = Field(ge=1)
    since: date


class BeginBilling(Shape):
    """Billing runs of these contracts are begun, and nobody waits for their end."""

    contracts: tuple[str, ...] = Field(min_length=1)
    through: date
    by: str = "fin.okafor@northwind.example"


class Drained(Shape):
    """Until everything that was approved is posted."""

    within: Stretch = timedelta(seconds=60)


class PressureVerbs(Shape):
    """The verbs of this topic."""

    accept_all: AcceptAll | None = None
    record_days: RecordDays | None = None
    begin_billing: BeginBilling | None = None
    drained: Drained | None = None


class Pressure:
    """Everybody at once."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._desk = scene, scene.office.billing
        self._delivery, self._acceptances = Delivery(scene), Acceptances(scene)

    async def accept_all(self, given: AcceptAll) -> None:
        """One acceptance each, in their order: a stage depends on the one before."""
        client = self._scene.office.client
        for line in self._scene.deal(given.contract).lines:
            for one in line.milestones:
                await self._acceptances.accept(Accept(contract=given.contract, milestone=one.milestone, on=given.on))
                await client.get_workflow_handle(f"bill_milestone/{given.contract}/{one.milestone}/{given.on}").result()

    async def record_days(self, given: RecordDays) -> None:
        """A sheet for each day of each person."""
        facts = given.model_dump(include={"line", "role", "hours"})
        entries = tuple(
            Hours(**facts, on=given.since + timedelta(days=day), person=f"p{person}.{given.contract.lower()}@firm.example")
            for day in range(given.days)
            for person in range(given.people)
        )
        await self._delivery.record_time(RecordTime(contract=given.contract, entries=entries))

    async def begin_billing(self, given: BeginBilling) -> None:
        """Each run is under way."""
        for contract in given.contracts:
            await asked(self._desk.bill(contract, through=given.through, actor=given.by, waits=False))

    async def drained(self, given: Drained) -> None:
        """Look until nothing waits."""

        async def nothing() -> bool | None:
            found = await self._scene.office.books.billing.pressure.read()
            return None if found.waiting or found.at_risk else True

        if await self._scene.until(nothing, given.within) is None:
            left = await self._scene.office.books.billing.pressure.read()
            raise StepFailed(f"after {spoken(given.within)} there still wait {left.waiting} posts and {left.at_risk}")
