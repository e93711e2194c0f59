"""What finance does: import rate cards, bill."""

from datetime import date

from pydantic import Field

from canonical.billable import BillableKind
from canonical.rate_card import Rate, RateCard
from policies.shape import Shape
from rehearsal.scene import Scene
from rehearsal.steps.verb import asked
from rehearsal.words import MoneyText


class PricedRole(Shape):
    """What an hour of a role costs on a line (empty: on every line), from a day on."""

    role: str
    rate: MoneyText
    line: str = ""
    since: date


class Rates(Shape):
    """A version of an engagement's rate card is imported."""

    contract: str
    version: int = 1
    rates: tuple[PricedRole, ...] = Field(min_length=1)
    by: str = "handoff-cli"


class Bill(Shape):
    """A billing run: what is due and open through a day, that day included."""

    contract: str
    through: date
    run: str = ""
    kinds: tuple[BillableKind, ...] = Field(default=(), description="only these; none means everything")
    by: str = "fin.okafor@northwind.example"


class BillingVerbs(Shape):
    """The verbs of this topic."""

    rates: Rates | None = None
    bill: Bill | None = None


class Billing:
    """The people of finance, at Handoff."""

    def __init__(self, scene: Scene) -> None:
        self._desk = scene.office.billing

    async def rates(self, given: Rates) -> None:
        """Import a rate card."""
        rates = tuple(Rate(role=one.role, line=one.line, rate=one.rate, since=one.since) for one in given.rates)
        card = RateCard(reference=f"{given.contract}.agreed", contract=given.contract, version=given.version, rates=rates)
        await asked(self._desk.import_rates(card, actor=given.by))

    async def bill(self, given: Bill) -> None:
        """Run it; what waits for people waits."""
        await asked(self._desk.bill(given.contract, through=given.through, run=given.run, kinds=given.kinds, actor=given.by))
