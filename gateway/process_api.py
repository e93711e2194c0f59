"""The process API: the governed services of provisioning, for clients and the console (R105); OpenAPI at /openapi.json."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from activities.plan import ActivationPlan
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.exception import Case, CaseState, Decision
from canonical.reference import Reference
from gateway.permissions import Gate
from operations.asked import Cancelled, Counts, Settled, Started, Story
from operations.office import Office
from policies.access import Permission

ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request cannot be read; the field is named."},
    401: {"description": "Nobody knows who is calling."},
    403: {"description": "The caller may not do this."},
    404: {"description": "There is no such record."},
    409: {"description": "The request contradicts what is kept."},
    413: {"description": "The body is too large."},
    422: {"description": "Refused in business words, with the remedy."},
    503: {"description": "Try again later; Retry-After says when."},
}


class StartHandoff(BaseModel):
    """Look at this contract and hand it over if it is executed."""

    contract: Reference


class Reason(BaseModel):
    """Why."""

    reason: str = Field(min_length=3, max_length=1000)


class Settle(BaseModel):
    """A decision on an exception; ``adopt`` is the target system's id, for the decision 'adopt'."""

    decision: Decision
    reason: str = Field(default="", max_length=1000)
    adopt: str = Field(default="", max_length=200)


class Assign(BaseModel):
    """To whom an exception is given."""

    to: str = Field(min_length=1, max_length=200)


class Snooze(BaseModel):
    """Until when an exception may rest (with its time zone)."""

    until: datetime


Limit = Annotated[int, Query(ge=1, le=1000)]


def process_routes(office: Office, gate: Gate) -> APIRouter:
    """Every path under ``/v1``."""
    routes = APIRouter(prefix="/v1", responses=ERRORS)
    _handoffs(routes, office, gate)
    _engagements(routes, office, gate)
    _exceptions(routes, office, gate)
    return routes


def _handoffs(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.post("/handoffs", status_code=202, tags=["handoffs"])
    async def start(asked: StartHandoff, request: Request) -> Started:
        """Project provisioning: asynchronous; the engagement tells how it went."""
        return await office.start(asked.contract, actor=await gate.require(request, Permission.START))

    @routes.get("/handoffs/{contract}/plan", tags=["handoffs"])
    async def plan(contract: Reference, request: Request) -> ActivationPlan:
        """The dry run: synchronous, reads only (R106)."""
        await gate.require(request, Permission.PLAN)
        return await office.plan(contract)

    @routes.post("/handoffs/{contract}/cancel", status_code=202, tags=["handoffs"])
    async def cancel(contract: Reference, asked: Reason, request: Request) -> Cancelled:
        """Withdraw a running handoff; everything it made is undone."""
        return await office.cancel(contract, actor=await gate.require(request, Permission.CANCEL), reason=asked.reason)

    @routes.post("/handoffs/{contract}/changed", status_code=202, tags=["handoffs"])
    async def changed(contract: Reference, request: Request) -> None:
        """Records were corrected: what waits looks again."""
        await office.signal(contract, actor=await gate.require(request, Permission.SIGNAL))


def _engagements(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.get("/engagements", tags=["engagements"])
    async def engagements(
        request: Request, status: EngagementStatus | None = None, entity: str | None = None, limit: Limit = 100
    ) -> list[EngagementRow]:
        """The board."""
        await gate.require(request, Permission.READ)
        return await office.engagements(status=status, entity=entity, limit=limit)

    @routes.get("/engagements/{reference}", tags=["engagements"])
    async def engagement(reference: str, request: Request) -> EngagementRow:
        """One engagement: project status, ids in every system."""
        await gate.require(request, Permission.READ)
        return await office.engagement(reference)

    @routes.get("/engagements/{reference}/trace", tags=["engagements"])
    async def trace(reference: str, request: Request) -> Story:
        """Its whole story."""
        await gate.require(request, Permission.READ)
        return await office.trace(reference)

    @routes.get("/counts", tags=["engagements"])
    async def counts(request: Request) -> Counts:
        """What came in and what it came to."""
        await gate.require(request, Permission.READ)
        return await office.counts()


def _exceptions(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.get("/exceptions", tags=["exceptions"])
    async def cases(
        request: Request,
        owner: str | None = None,
        code: str | None = None,
        engagement: str | None = None,
        state: CaseState | None = None,
        limit: Limit = 100,
    ) -> list[Case]:
        """What waits for people, the most money first."""
        await gate.require(request, Permission.READ)
        return await office.cases(owner=owner, code=code, engagement=engagement, state=state, limit=limit)

    @routes.get("/exceptions/{number}", tags=["exceptions"])
    async def case(number: int, request: Request) -> Case:
        """One exception with its evidence."""
        await gate.require(request, Permission.READ)
        return await office.case(number)

    @routes.post("/exceptions/{number}/settle", tags=["exceptions"])
    async def settle(number: int, asked: Settle, request: Request) -> Settled:
        """Decide; above the threshold the decision waits for a second person."""
        actor = await gate.require(request, Permission.SETTLE)
        return await office.settle(number, asked.decision, actor=actor, reason=asked.reason, adopt=asked.adopt)

    @routes.post("/exceptions/{number}/approve", tags=["exceptions"])
    async def approve(number: int, request: Request) -> Settled:
        """The second pair of eyes; never the one that decided."""
        return await office.approve(number, actor=await gate.require(request, Permission.SETTLE))

    @routes.post("/exceptions/{number}/assign", tags=["exceptions"])
    async def assign(number: int, asked: Assign, request: Request) -> Case:
        """Give it to somebody."""
        return await office.assign(number, asked.to, actor=await gate.require(request, Permission.SETTLE))

    @routes.post("/exceptions/{number}/snooze", tags=["exceptions"])
    async def snooze(number: int, asked: Snooze, request: Request) -> Case:
        """Let it rest until then."""
        return await office.snooze(number, asked.until, actor=await gate.require(request, Permission.SETTLE))
