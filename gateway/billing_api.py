"""Billing over the process API: billing events in, runs and their dry run, invoices traced and released (R105)."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from canonical.acceptance import Acceptance, AcceptanceState
from canonical.billable import BillableKind
from canonical.billing_document import BillingDocument
from canonical.billing_view import BacklogRow, Trace
from canonical.money import Money
from canonical.pressure import Pressure
from canonical.reference import Reference
from canonical.sub_ledger import SubLedger, SubLedgerKind
from gateway.permissions import Gate
from gateway.texts import TEXT, Identifier, Name, Words
from operations.asked import Settled
from operations.billing import BillingRun, Submitted
from operations.office import Office
from operations.preview import Preview
from operations.release import release
from policies.access import Permission


class MilestoneWord(BaseModel):
    """A milestone was accepted or rejected, or its acceptance withdrawn; ``version`` sorts as text and grows with each change."""

    milestone: Reference
    version: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9:._+-]+$")]
    state: AcceptanceState = AcceptanceState.ACCEPTED
    accepted_on: date
    accepted_by: Name
    evidence_url: str = Field(default="", max_length=2000, pattern=TEXT)


class BillingEvent(MilestoneWord):
    """What the customer says of a milestone of a contract."""

    contract: Reference


class RunBilling(BaseModel):
    """Bill through a day (that day included); ``run`` names it, its month unless given; ``kinds`` narrow it."""

    through: date
    run: str = Field(default="", max_length=40, pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")
    kinds: tuple[BillableKind, ...] = ()


class ReleaseReason(BaseModel):
    """Why it may go out."""

    reason: Words


class RaiseLimit(BaseModel):
    """A purchase order (its number) or a cap (the line of the contract) is good for more now."""

    kind: Literal[SubLedgerKind.PURCHASE_ORDER, SubLedgerKind.CAP] = SubLedgerKind.PURCHASE_ORDER
    name: Name
    to: Money


class Begun(BaseModel):
    """What runs now, by name; the queue of exceptions and the ledger tell what comes of it."""

    workflows: list[str]


class Billed(BaseModel):
    """The money of a contract: its documents, what waits, its retainers, purchase orders and caps."""

    documents: list[BillingDocument]
    backlog: list[BacklogRow]
    sub_ledgers: list[SubLedger]


def billing_routes(routes: APIRouter, office: Office, gate: Gate) -> None:
    """Adds them."""
    _events(routes, office, gate)
    _runs(routes, office, gate)
    _invoices(routes, office, gate)


def _events(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.post("/acceptances", status_code=202, tags=["billing"])
    async def accept(event: BillingEvent, request: Request) -> Submitted:
        """Billing-event submission: a milestone was accepted, or that was withdrawn; the same version again changes nothing."""
        actor = await gate.require(request, Permission.SUBMIT)
        return await office.billing.accept(Acceptance(**event.model_dump()), actor=actor)

    @routes.post("/time/intakes", status_code=202, tags=["billing"])
    async def take_in(request: Request) -> Begun:
        """Take in approved time and expenses from every system where they are recorded, now."""
        actor = await gate.require(request, Permission.BILL)
        return Begun(workflows=await office.billing.begin_intake(actor=actor))

    @routes.get("/pressure", tags=["billing"], response_model=Pressure)
    async def pressure(request: Request) -> Any:
        """What waits to be posted to the ERPs: money at risk by entity, how fast it goes."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.billing.pressure())


def _runs(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.post("/billing/{contract}/runs", tags=["billing"], response_model=BillingRun)
    async def run(contract: Reference, asked: RunBilling, request: Request) -> Any:
        """Bill what is due and open; asked again, a run makes nothing new."""
        actor = await gate.require(request, Permission.BILL)
        done = await office.billing.bill(contract, through=asked.through, run=asked.run, kinds=asked.kinds, actor=actor)
        return await gate.shown(actor, done)

    @routes.get("/billing/{contract}/preview", tags=["billing"], response_model=Preview)
    async def preview(contract: Reference, through: date, request: Request) -> Any:
        """The dry run: what a run would bill, and what would wait; it touches nothing."""
        subject = await gate.require(request, Permission.PLAN)
        return await gate.shown(subject, await office.billing.preview(contract, through=through))

    @routes.post("/billing/{contract}/limits", tags=["billing"], response_model=SubLedger)
    async def limit(contract: Reference, asked: RaiseLimit, request: Request) -> Any:
        """Record that a purchase order or cap was raised; what waited for room is open for the next run."""
        actor = await gate.require(request, Permission.BILL)
        raised = await office.billing.raise_limit(contract, asked.kind, asked.name, asked.to, actor=actor)
        return await gate.shown(actor, raised)

    @routes.get("/billing/{contract}", tags=["billing"], response_model=Billed)
    async def show(contract: Reference, request: Request) -> Any:
        """The invoices of a contract, what waits to be billed, and its retainers, purchase orders and caps."""
        subject, desk = await gate.require(request, Permission.READ), office.billing
        documents, backlog = await desk.documents(contract), await desk.backlog(contract=contract)
        sub_ledgers = await desk.sub_ledgers(contract)
        return await gate.shown(subject, Billed(documents=[*documents], backlog=[*backlog], sub_ledgers=[*sub_ledgers]))


def _invoices(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.get("/invoices/{name}/trace", tags=["billing"], response_model=Trace)
    async def trace(name: Identifier, request: Request, line: Annotated[int | None, Field(ge=1, le=100_000)] = None) -> Any:
        """From an invoice line to its entries, people, approvers, rates, evidence and journals."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.billing.trace(name, line=line))

    @routes.post("/invoices/{name}/release", tags=["billing"])
    async def let_out(name: Identifier, asked: ReleaseReason, request: Request) -> Settled:
        """Release an invoice that waits at the control point; above the threshold the decision waits for a second person."""
        return await release(office.exceptions, name, actor=await gate.require(request, Permission.SETTLE), reason=asked.reason)
