"""Receivables over the process API: what customers owe, what they paid, and what they contest (R101, R105)."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from activities.cash import Applied, DepositTaken
from canonical.money import Money
from canonical.receivable import Dispute
from canonical.reference import Reference
from gateway.billing_api import Begun
from gateway.permissions import Gate
from gateway.texts import TEXT, Identifier, Wanted, Words
from operations.office import Office
from operations.receivables import CustomerAccount, InvoiceAccount
from policies.access import Permission


class OpenDispute(BaseModel):
    """What a customer contests of an invoice; ``name`` tells disputes apart, and asked again under it changes the amount."""

    invoice: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=TEXT)]
    amount: Money
    reason: Words
    name: str = Field(default="", max_length=80, pattern=TEXT)
    item: str = Field(default="", max_length=80, pattern=TEXT)
    line: int | None = Field(default=None, ge=1, le=100_000)


class SettleDispute(BaseModel):
    """What was agreed: the customer's share, which is credited; the rest is owed again."""

    conceded: Money
    outcome: Words


class TakeDeposit(BaseModel):
    """A customer's advance, under a reference of its own."""

    contract: Reference
    reference: Reference
    amount: Money
    on: date


class Apply(BaseModel):
    """A deposit or payment (``money``: its reference or its id in the ERP) settles so much of an invoice."""

    money: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=TEXT)]
    invoice: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=TEXT)]
    amount: Money
    name: str = Field(default="", max_length=40, pattern=r"^[A-Za-z0-9._-]*$")


def receivables_routes(routes: APIRouter, office: Office, gate: Gate) -> None:
    """Adds them."""
    _accounts(routes, office, gate)
    _disputes(routes, office, gate)
    _money(routes, office, gate)


def _accounts(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.get("/customers/{customer}/receivables", tags=["receivables"], response_model=CustomerAccount)
    async def customer(customer: Identifier, request: Request) -> Any:
        """What a customer owes by age, its open invoices, payments and disputes."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.receivables.customer(customer))

    @routes.get("/invoices/{name}", tags=["receivables"], response_model=InvoiceAccount)
    async def invoice(name: Identifier, request: Request) -> Any:
        """An invoice by our reference or by its number: lines, where it stands, payments and disputes."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.receivables.invoice(name))


def _disputes(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.get("/disputes", tags=["receivables"], response_model=list[Dispute])
    async def disputes(request: Request, customer: Wanted = None, settled: bool = False) -> Any:
        """What customers contest, the oldest first."""
        subject = await gate.require(request, Permission.READ)
        return await gate.shown(subject, await office.receivables.disputes(customer=customer or "", with_settled=settled))

    @routes.post("/disputes", status_code=201, tags=["receivables"], response_model=Dispute)
    async def opened(asked: OpenDispute, request: Request) -> Any:
        """Record a dispute: collections skip it, exposure shows it."""
        actor = await gate.require(request, Permission.RECEIVABLES)
        named = asked.model_dump(include={"name", "item", "line"})
        found = await office.receivables.open_dispute(asked.invoice, asked.amount, asked.reason, **named, actor=actor)
        return await gate.shown(actor, found, status=201)

    @routes.post("/disputes/{key}/settle", tags=["receivables"], response_model=Dispute)
    async def settled(key: Identifier, asked: SettleDispute, request: Request) -> Any:
        """Settle a dispute: the customer's share is credited, the rest is owed again."""
        actor = await gate.require(request, Permission.RECEIVABLES)
        found = await office.receivables.settle_dispute(key, asked.conceded, asked.outcome, actor=actor)
        return await gate.shown(actor, found)


def _money(routes: APIRouter, office: Office, gate: Gate) -> None:
    @routes.post("/receivables/polls", status_code=202, tags=["receivables"])
    async def poll(request: Request) -> Begun:
        """Take in payments and what is open of invoices now, and follow every customer that is concerned."""
        await gate.require(request, Permission.RECEIVABLES)
        return Begun(workflows=[(await office.receivables.begin_poll()).id])

    @routes.post("/receivables/deposits", status_code=201, tags=["receivables"], response_model=DepositTaken)
    async def deposit(asked: TakeDeposit, request: Request) -> Any:
        """Enter a customer's advance in the ERP, once: a liability until it is applied."""
        actor = await gate.require(request, Permission.RECEIVABLES)
        taken = await office.cash.deposit(asked.contract, asked.amount, on=asked.on, reference=asked.reference, actor=actor)
        return await gate.shown(actor, taken, status=201)

    @routes.post("/receivables/applications", status_code=201, tags=["receivables"], response_model=Applied)
    async def applied(asked: Apply, request: Request) -> Any:
        """Apply a deposit or an unapplied payment to an invoice, once."""
        actor = await gate.require(request, Permission.RECEIVABLES)
        found = await office.cash.apply(asked.money, asked.invoice, asked.amount, name=asked.name, actor=actor)
        return await gate.shown(actor, found, status=201)
