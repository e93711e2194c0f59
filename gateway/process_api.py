"""The process API: the governed services of provisioning, for clients and the console (R105); OpenAPI at /openapi.json."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Security
from fastapi.security import HTTPBearer
from pydantic import AwareDatetime, BaseModel, Field

from activities.plan import ActivationPlan
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.exception import Case, CaseState, Decision
from canonical.reference import Reference
from gateway.billing_api import billing_routes
from gateway.closing_api import closing_routes
from gateway.credits_api import credit_routes
from gateway.permissions import Gate
from gateway.problems import problems
from gateway.rates_api import rates_routes
from gateway.receivables_api import receivables_routes
from gateway.reconciliation_api import reconciliation_routes
from gateway.texts import TEXT, Identifier, Limit, Name, Number, Wanted
from gateway.usage_api import usage_routes
from operations.asked import Cancelled, Counts, Settled, Started, Story
from operations.office import Office
from policies.access import Permission

ERRORS = problems(400, 401, 403, 404, 409, 413, 422, 503)
BEARER = Security(HTTPBearer(auto_error=False, description="A token of the identity provider, or a local API key."))
"""For OpenAPI only: the gate reads the header itself."""
RequestKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=120, pattern=r"^[!-~]+$")]


class StartHandoff(BaseModel):
    """Look at this contract and hand it over if it is executed."""

    contract: Reference


class Reason(BaseModel):
    """Why."""

    reason: str = Field(min_length=3, max_length=1000, pattern=TEXT)


class Settle(BaseModel):
    """A decision on an exception; ``adopt`` is the target system's id, for the decision 'adopt'."""

    decision: Decision
    reason: str = Field(default="", max_length=1000, pattern=TEXT)
    adopt: str = Field(default="", max_length=200, pattern=TEXT)


class Assign(BaseModel):
    """To whom an exception is given."""

    to: Name


class Snooze(BaseModel):
    """Until when an exception may rest (with its time zone)."""

    until: AwareDatetime


def process_routes(office: Office, gate: Gate) -> APIRouter:
    """Every path under ``/v1``."""
    routes = APIRouter(prefix="/v1", responses=ERRORS, dependencies=[BEARER])
    _handoffs(routes, office, gate)
    _engagements(routes, office, gate)
    _exceptions(routes, office, gate)
    _decisions(routes, office, gate)
    billing_routes(routes, office, gate)
    credit_routes(routes, office, gate)
    rates_routes(routes, office, gate)
    usage_routes(routes, office, gate)
    closing_routes(routes, office, gate)
    receivables_routes(routes, office, gate)
    reconciliation_routes(routes, office, gate)
    return routes


def _handoffs(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.post("/handoffs", status_code=202, tags=["handoffs"])
    async def start(asked: StartHandoff, request: Request, key: RequestKey = None) -> Started:
        """Project provisioning: asynchronous; the engagement tells how it went. The same Idempotency-Key asks once."""
        actor = await gate.require(request, Permission.START)
        return await office.handoffs.start(asked.contract, actor=actor, request_key=key or "")

    @routes.get("/handoffs/{contract}/plan", tags=["handoffs"], response_model=ActivationPlan)
    async def plan(contract: Reference, request: Request) -> Any:
        """The dry run: synchronous, reads only (R106)."""
        subject = await gate.require(request, Permission.PLAN)
        return await gate.shown(subject, await office.handoffs.plan(contract))

    @routes.post("/handoffs/{contract}/cancel", status_code=202, tags=["handoffs"])
    async def cancel(contract: Reference, asked: Reason, request: Request) -> Cancelled:
        """Withdraw a running handoff; everything it made is undone."""
        return await office.handoffs.cancel(contract, actor=await gate.require(request, Permission.CANCEL), reason=asked.reason)

    @routes.post("/handoffs/{contract}/changed", status_code=202, tags=["handoffs"])
    async def changed(contract: Reference, request: Request) -> None:
        """Records were corrected: what waits looks again."""
        await office.handoffs.signal(contract, actor=await gate.require(request, Permission.SIGNAL))


def _engagements(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.get("/engagements", tags=["engagements"], response_model=list[EngagementRow])
    async def engagements(
        request: Request, status: EngagementStatus | None = None, entity: Wanted = None, limit: Limit = 100
    ) -> Any:
        """The board."""
        subject = await gate.require(request, Permission.READ)
        rows = await office.handoffs.engagements(status=status, entity=entity, limit=limit)
        return await gate.shown(subject, await gate.board(subject, rows))

    @routes.get("/engagements/{reference}", tags=["engagements"], response_model=EngagementRow)
    async def engagement(reference: Identifier, request: Request) -> Any:
        """One engagement: project status, ids in every system."""
        subject = await gate.require(request, Permission.READ)
        [row] = await gate.board(subject, [await office.handoffs.engagement(reference)])
        return await gate.shown(subject, row)

    @routes.get("/engagements/{reference}/trace", tags=["engagements"], response_model=Story)
    async def trace(reference: Identifier, request: Request) -> Any:
        """Its whole story."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.handoffs.trace(reference))

    @routes.get("/counts", tags=["engagements"])
    async def counts(request: Request) -> Counts:
        """What came in and what it came to."""
        await gate.require(request, Permission.READ)
        return await office.counts()


def _exceptions(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.get("/exceptions", tags=["exceptions"], response_model=list[Case])
    async def cases(
        request: Request,
        owner: Wanted = None,
        code: Wanted = None,
        engagement: Wanted = None,
        state: CaseState | None = None,
        limit: Limit = 100,
    ) -> Any:
        """What waits for people, the most money first."""
        subject = await gate.require(request, Permission.READ)
        found = await office.exceptions.waiting(owner=owner, code=code, engagement=engagement, state=state, limit=limit)
        return await gate.shown(subject, found)

    @routes.get("/exceptions/{number}", tags=["exceptions"], response_model=Case)
    async def case(number: Number, request: Request) -> Any:
        """One exception with its evidence."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.exceptions.read(number))

    @routes.post("/exceptions/{number}/assign", tags=["exceptions"], response_model=Case)
    async def assign(number: Number, asked: Assign, request: Request) -> Any:
        """Give it to somebody."""
        actor = await gate.require(request, Permission.SETTLE)
        return await gate.shown(actor, await office.exceptions.assign(number, asked.to, actor=actor))

    @routes.post("/exceptions/{number}/snooze", tags=["exceptions"], response_model=Case)
    async def snooze(number: Number, asked: Snooze, request: Request) -> Any:
        """Let it rest until then."""
        actor = await gate.require(request, Permission.SETTLE)
        return await gate.shown(actor, await office.exceptions.snooze(number, asked.until, actor=actor))


def _decisions(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.post("/exceptions/{number}/settle", tags=["exceptions"])
    async def settle(number: Number, asked: Settle, request: Request) -> Settled:
        """Decide; above the threshold the decision waits for a second person."""
        actor = await gate.require(request, Permission.SETTLE)
        return await office.exceptions.settle(number, asked.decision, actor=actor, reason=asked.reason, adopt=asked.adopt)

    @routes.post("/exceptions/{number}/approve", tags=["exceptions"])
    async def approve(number: Number, request: Request) -> Settled:
        """The second pair of eyes; never the one that decided."""
        return await office.exceptions.approve(number, actor=await gate.require(request, Permission.SETTLE))

    @routes.post("/exceptions/{number}/decline", tags=["exceptions"])
    async def decline(number: Number, asked: Reason, request: Request) -> Settled:
        """The second pair of eyes says no, or the proposer takes it back: the exception is open again."""
        return await office.exceptions.decline(number, actor=await gate.require(request, Permission.SETTLE), reason=asked.reason)
