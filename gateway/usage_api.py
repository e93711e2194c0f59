"""Metered use over the process API: readings in, all or none; what they come to (R77)."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from canonical.reference import Reference
from canonical.usage import MeterReading, MeterReadings
from gateway.permissions import Gate
from operations.metering import Usage, UsageTaken
from operations.office import Office
from policies.access import Permission

LARGEST_BODY = 16_000_000
"""Bytes: a meter may speak of every line and day of a month at once."""
PATH = "/v1/usage"


class ImportUsage(BaseModel):
    """The readings of one meter; quantities are texts or whole numbers, in units of the line's plan."""

    source: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
    readings: tuple[MeterReading, ...] = Field(min_length=1, max_length=50_000)


def usage_routes(routes: APIRouter, office: Office, gate: Gate) -> None:
    """Adds them."""

    @routes.post("/usage", tags=["usage"], response_model=UsageTaken)
    async def take(asked: ImportUsage, request: Request) -> Any:
        """Keep readings; a wrong one refuses all of them, and each wrong one is named. The same again changes nothing."""
        actor = await gate.require(request, Permission.BILL)
        given = MeterReadings.model_validate(asked.model_dump())
        return await gate.shown(actor, await office.metering.take(given, actor=actor))

    @routes.get("/usage/{contract}", tags=["usage"], response_model=Usage)
    async def usage(contract: Reference, through: date, request: Request) -> Any:
        """What was used, what the periods that are over by that day come to, and those of which no meter spoke."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.metering.show(contract, through=through))
