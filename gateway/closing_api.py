"""The month end over the process API: readiness, the close, revenue and its measures (R105, issue 3)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from canonical.closing import Readiness
from canonical.obligation import ProgressMeasure
from canonical.reference import Reference
from canonical.revenue_event import Progress
from gateway.permissions import Gate
from gateway.texts import TEXT, Words
from operations.closing import CloseRun, RevenueOf
from operations.office import Office
from policies.access import Permission
from workflows.recognize_revenue import RevenueRecognized

Entity = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
Month = Annotated[str, Path(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
OfEntity = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{0,20}$")]
OfMonth = Annotated[str, Query(pattern=r"^([0-9]{4}-(0[1-9]|1[0-2]))?$")]
OfContract = Annotated[str, Query(pattern=r"^[A-Za-z0-9._:-]{0,80}$")]


class Measure(BaseModel):
    """How far a contract line's work is on a day, and how far it will go."""

    as_of: date
    version: int = Field(default=1, ge=1, le=10_000)
    done: Decimal = Field(ge=0, max_digits=18, decimal_places=6)
    expected: Decimal = Field(gt=0, max_digits=18, decimal_places=6)
    note: str = Field(default="", max_length=500, pattern=TEXT)


class Reversal(BaseModel):
    """Why the revenue of a month is taken back; auditors will read it."""

    reason: Words


class Kept(BaseModel):
    """Whether it is new."""

    is_new: bool


def closing_routes(routes: APIRouter, office: Office, gate: Gate) -> None:
    """Adds them."""
    _closes(routes, office, gate)
    _revenue(routes, office, gate)


def _closes(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.get("/closes/{entity}/{period}", tags=["closes"], response_model=Readiness)
    async def readiness(entity: Entity, period: Month, request: Request) -> Any:
        """What waits with its money, and what stands in the way of closing the month."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.closing.readiness(entity, period))

    @routes.post("/closes/{entity}/{period}", status_code=202, tags=["closes"], response_model=CloseRun)
    async def close(entity: Entity, period: Month, request: Request) -> Any:
        """Recognize, propose accruals, judge; what needs people is in the queue. The ERP's period is not closed by this."""
        actor = await gate.require(request, Permission.CLOSE)
        return await gate.shown(actor, await office.closing.close(entity, period, actor=actor), status=202)


def _revenue(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.get("/revenue", tags=["revenue"], response_model=RevenueOf)
    async def revenue(request: Request, entity: OfEntity = "", period: OfMonth = "", contract: OfContract = "") -> Any:
        """Billed against earned, by obligation, and the runs of an entity, with the journals of a month if one is given (R94)."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.closing.revenue(entity=entity, period=period, contract=contract))

    @routes.post("/revenue/{entity}/{period}", status_code=202, tags=["revenue"])
    async def recognize(entity: Entity, period: Month, request: Request) -> RevenueRecognized:
        """Recognize what was earned through the month."""
        actor = await gate.require(request, Permission.CLOSE)
        return await office.closing.recognize(entity, period, actor=actor)

    @routes.post("/revenue/{entity}/{period}/reverse", status_code=202, tags=["revenue"])
    async def reverse(entity: Entity, period: Month, asked: Reversal, request: Request) -> RevenueRecognized:
        """Reverse the journals of a month's revenue in an open period; the next run recognizes it anew."""
        actor = await gate.require(request, Permission.CLOSE)
        return await office.closing.reverse(entity, period, reason=asked.reason, actor=actor)

    @routes.put("/revenue/measures/{contract}/{line}", tags=["revenue"])
    async def measure(contract: Reference, line: Reference, asked: Measure, request: Request) -> Kept:
        """An estimate of progress; the same again changes nothing."""
        actor = await gate.require(request, Permission.CLOSE)
        progress = Progress(done=asked.done, expected=asked.expected)
        known = ProgressMeasure(
            contract=contract,
            line=line,
            as_of=asked.as_of,
            version=asked.version,
            progress=progress,
            source=actor,
            note=asked.note,
        )
        return Kept(is_new=await office.closing.measure(known, actor=actor))
