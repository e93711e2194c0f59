"""Rates over the process API: versions of rate cards, exchange rates; every row is read before any is kept (R56, R97)."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from canonical.exchange_rate import ExchangeRate, ExchangeRateTable
from canonical.money import Money
from canonical.rate_card import RateCard
from canonical.reference import Reference
from gateway.permissions import Gate
from gateway.texts import TEXT
from operations.billing import RatesTaken
from operations.office import Office
from policies.access import Permission

LARGEST_BODY = 8_000_000
"""Bytes: a firm's own card holds a row for every role, person and date."""
PATHS = ("/v1/rates", "/v1/exchange-rates")
_BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)

Whom = Annotated[str, Field(max_length=200, pattern=TEXT)]


class RateRow(BaseModel):
    """One price per hour for whoever matches what is given; an empty field matches everybody. ``until`` is not included."""

    role: Whom = ""
    person: Whom = ""
    project: Whom = ""
    line: Whom = ""
    rate: Money
    since: date
    until: date | None = None

    @model_validator(mode="after")
    def _holds_some_day(self) -> Self:
        if self.until is not None and self.until <= self.since:
            raise ValueError("until must come after since, else the rate holds on no day")
        return self


class ImportRates(BaseModel):
    """A version of a rate card: that of one contract, or the firm's own."""

    reference: Reference
    contract: Reference | None = None
    version: int = Field(default=1, ge=1, le=1_000_000)
    rates: tuple[RateRow, ...] = Field(min_length=1, max_length=50_000)


class ImportExchangeRates(BaseModel):
    """The rates of one source (a central bank, a provider) at one time; rates are texts, never floats."""

    source: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
    at: AwareDatetime = Field(ge=_BEGINNING)
    rates: tuple[ExchangeRate, ...] = Field(min_length=1, max_length=50_000)


def rates_routes(routes: APIRouter, office: Office, gate: Gate) -> None:
    """Adds them."""

    @routes.post("/rates", tags=["rates"], response_model=RatesTaken)
    async def rates(asked: ImportRates, request: Request) -> Any:
        """Keep a version of a rate card and follow it; ``waiting`` are contracts of which people must decide something first.

        A body with a wrong row is refused whole, with every wrong row and field; the same version again finds what still differs.
        """
        actor = await gate.require(request, Permission.BILL)
        card = RateCard.model_validate({**asked.model_dump(exclude={"contract"}), "contract": asked.contract or ""})
        return await gate.shown(actor, await office.billing.import_rates(card, actor=actor))

    @routes.post("/exchange-rates", tags=["rates"], response_model=ExchangeRateTable)
    async def exchange_rates(asked: ImportExchangeRates, request: Request) -> Any:
        """Keep exchange rates; one that is known otherwise is refused, and what was billed stays."""
        actor = await gate.require(request, Permission.BILL)
        table = ExchangeRateTable.model_validate(asked.model_dump())
        await office.billing.import_exchange_rates(table, actor=actor)
        return await gate.shown(actor, table)
