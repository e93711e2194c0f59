"""What finance does: import rates, bill, record that an order was raised."""

import asyncio
from datetime import date

from pydantic import AwareDatetime, Field

from canonical.billable import BillableKind
from canonical.exchange_rate import ExchangeRate, ExchangeRateTable
from canonical.rate_card import Rate, RateCard
from canonical.sub_ledger import SubLedgerKind
from policies.shape import Shape
from rehearsal.scene import Scene
from rehearsal.steps.verb import asked
from rehearsal.words import Amount, MoneyText


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


class QuotedPair(Shape):
    """What one unit of a currency is worth in another."""

    currency: str
    functional: str
    rate: Amount


class ExchangeRates(Shape):
    """The exchange rates of a source at a time are imported."""

    source: str = "ecb"
    at: AwareDatetime
    rates: tuple[QuotedPair, ...] = Field(min_length=1)
    by: str = "handoff-cli"


class RaiseLimit(Shape):
    """A purchase order or a cap is raised to an amount; what waited for room is open again."""

    contract: str
    kind: SubLedgerKind = SubLedgerKind.PURCHASE_ORDER
    name: str
    to: MoneyText
    by: str = "fin.okafor@northwind.example"


class Bill(Shape):
    """A billing run: what is due and open through a day, that day included; ``waits`` until it is done or waits for people."""

    contract: str
    through: date
    run: str = ""
    kinds: tuple[BillableKind, ...] = Field(default=(), description="only these; none means everything")
    waits: bool = True
    by: str = "fin.okafor@northwind.example"


class BillingVerbs(Shape):
    """The verbs of this topic."""

    exchange_rates: ExchangeRates | None = None
    raise_limit: RaiseLimit | None = None

    rates: Rates | None = None
    bill: Bill | None = None


class Billing:
    """The people of finance, at Handoff."""

    def __init__(self, scene: Scene) -> None:
        self._desk = scene.office.billing
        self._asked: list[asyncio.Task[object]] = []

    async def rates(self, given: Rates) -> None:
        """Import a rate card."""
        rates = tuple(Rate(role=one.role, line=one.line, rate=one.rate, since=one.since) for one in given.rates)
        card = RateCard(reference=f"{given.contract}.agreed", contract=given.contract, version=given.version, rates=rates)
        await asked(self._desk.import_rates(card, actor=given.by))

    async def bill(self, given: Bill) -> None:
        """Run it; what waits for people waits."""
        bill = self._desk.bill(given.contract, through=given.through, run=given.run, kinds=given.kinds, actor=given.by)
        if given.waits:
            await asked(bill)
        else:
            self._asked.append(asyncio.create_task(asked(bill)))

    async def exchange_rates(self, given: ExchangeRates) -> None:
        """Import them."""
        rates = tuple(ExchangeRate(**one.model_dump()) for one in given.rates)
        table = ExchangeRateTable(source=given.source, at=given.at, rates=rates)
        await asked(self._desk.import_exchange_rates(table, actor=given.by))

    async def raise_limit(self, given: RaiseLimit) -> None:
        """The customer agreed to more."""
        await asked(self._desk.raise_limit(given.contract, given.kind, given.name, given.to, actor=given.by))
