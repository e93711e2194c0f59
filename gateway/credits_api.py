"""Credits over the process API: proposed by one person, agreed by another, in the words that auditors read (R79, R80, R105)."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from canonical.credit import CreditPart, CreditProposal, Rebill
from canonical.party import Customer
from canonical.reference import Reference
from gateway.permissions import Gate
from gateway.texts import TEXT, Identifier, Name, Words
from operations.credit_desk import CreditStory
from operations.office import Office
from policies.access import Permission

OfContract = Annotated[str, Query(pattern=r"^[A-Za-z0-9._:-]{0,80}$")]


class ProposeCredit(BaseModel):
    """Items, lines or amounts of an invoice; without ``parts`` all that stands billed. ``bill_to`` is billed again instead.

    ``reference`` is the credit's own: asked again under it, the answer is the proposal that is known.
    """

    invoice: Name
    parts: tuple[CreditPart, ...] = Field(default=(CreditPart(),), min_length=1, max_length=10_000)
    reason: Words
    reference: Reference | None = None
    on: date | None = None
    rebill: bool = False
    bill_to: Customer | None = None


class Agree(BaseModel):
    """Why it is agreed."""

    reason: str = Field(default="", max_length=500, pattern=TEXT)


class Refuse(BaseModel):
    """Why it is not to be."""

    reason: Words


def credit_routes(routes: APIRouter, office: Office, gate: Gate) -> None:
    """Under ``/v1/credits``."""
    _proposals(routes, office, gate)
    _decisions(routes, office, gate)


def _proposals(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.post("/credits", status_code=201, tags=["credits"], response_model=CreditProposal)
    async def propose(asked: ProposeCredit, request: Request) -> Any:
        """Propose a credit; what cannot be credited is refused. Nothing changes until a second person agrees."""
        actor = await gate.require(request, Permission.CREDIT)
        wanted = await office.credits.request(
            asked.invoice,
            reference=asked.reference or "",
            parts=asked.parts,
            reason=asked.reason,
            on=asked.on,
            rebill=Rebill(bill_to=asked.bill_to) if asked.rebill or asked.bill_to else None,
        )
        return await gate.shown(actor, await office.credits.propose(wanted, actor=actor), status=201)

    @routes.get("/credits", tags=["credits"], response_model=list[CreditProposal])
    async def credits(request: Request, contract: OfContract = "", decided: bool = False) -> Any:
        """What waits for a second person or for the ERP; with ``decided``, those that were decided too."""
        subject = await gate.require(request, Permission.READ)
        found = await office.credits.proposals(contract=contract, with_decided=decided)
        return await gate.shown(subject, list(found))

    @routes.get("/credits/{reference}", tags=["credits"], response_model=CreditStory)
    async def credit(reference: Identifier, request: Request) -> Any:
        """One proposal with its exact allocations, and what waits about it."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.credits.show(reference))


def _decisions(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.post("/credits/{reference}/approve", tags=["credits"], response_model=CreditProposal)
    async def approve(reference: Identifier, asked: Agree, request: Request) -> Any:
        """The second pair of eyes, never the proposer's: it is made, posted, and billed again where that was asked for."""
        actor = await gate.require(request, Permission.SETTLE)
        return await gate.shown(actor, await office.credits.approve(reference, actor=actor, reason=asked.reason))

    @routes.post("/credits/{reference}/reject", tags=["credits"], response_model=CreditProposal)
    async def reject(reference: Identifier, asked: Refuse, request: Request) -> Any:
        """It is not to be, and nothing was touched; whoever proposed it may take it back so."""
        actor = await gate.require(request, Permission.SETTLE)
        return await gate.shown(actor, await office.credits.reject(reference, actor=actor, reason=asked.reason))
