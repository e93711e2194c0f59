"""What customers do with money, and what accounting does about it: pay, bounce, dispute, settle; and payments are taken in."""

from datetime import date, timedelta
from functools import partial

from pydantic import Field, model_validator

from policies.shape import Shape
from rehearsal.erp import Receipt
from rehearsal.erps.registry import erp_of, erps_on
from rehearsal.scene import Scene, StepFailed
from rehearsal.steps.verb import Nothing, asked
from rehearsal.words import Amount, MoneyText

_APPEARS = timedelta(seconds=20)
_FIN = "fin.okafor@northwind.example"
_COLE = "cole.collect@northwind.example"


class Pay(Shape):
    """A customer pays, in the ERP's cash book. Without ``invoice`` the money is applied to nothing.

    ``applied`` is what accounting applies of it (all of it, up to what is open, unless given); ``withheld`` is tax that the
    customer kept of the invoice, with its ``certificate`` or without. ``invoice`` is a billing run of the contract (or ``run``
    and the number of one of several), which may not be recorded with us yet.
    """

    contract: str = ""
    invoice: str = Field(default="", description="the billing run whose invoice is paid; empty: money on account")
    amount: Amount
    document: str = Field(default="", description="a document of the ERP that is none of ours, by its id there")
    currency: str | None = None
    applied: Amount | None = None
    withheld: Amount | None = None
    certificate: str = ""
    on: date | None = None
    rate: Amount | None = Field(default=None, description="the exchange rate at which the money came")
    name: str = Field(default="", description="what the bank calls it")

    @model_validator(mode="after")
    def _applies_to_something(self) -> "Pay":
        if not self.invoice and (self.applied is not None or self.withheld is not None):
            raise ValueError("it must be said which invoice the money is applied to; give invoice")
        return self


class Bounce(Shape):
    """The bank takes a payment back."""

    name: str


class OpenDispute(Shape):
    """A customer contests a part of an invoice."""

    contract: str
    invoice: str
    amount: MoneyText
    reason: str = "hours are contested"
    name: str
    by: str = _COLE


class SettleDispute(Shape):
    """A dispute is settled: so much for the customer, the rest is owed again."""

    name: str
    conceded: MoneyText
    outcome: str = "as agreed"
    by: str = _FIN


class Deposit(Shape):
    """A customer pays in advance, and Handoff enters it in the ERP."""

    contract: str
    amount: MoneyText
    name: str
    on: date
    by: str = _FIN


class ApplyMoney(Shape):
    """A deposit or a payment (by its name) settles so much of the invoice of a billing run."""

    money: str = Field(alias="from")
    contract: str
    invoice: str
    amount: MoneyText
    by: str = _FIN


class ReceivablesVerbs(Shape):
    """The verbs of this topic."""

    pay: Pay | None = None
    bounce: Bounce | None = None
    open_dispute: OpenDispute | None = None
    settle_dispute: SettleDispute | None = None
    deposit: Deposit | None = None
    apply: ApplyMoney | None = None
    take_in_payments: Nothing | None = Field(default=None, description="receivables are polled now, and every customer followed")


class Receivables:
    """Customers and their money, in the ERP; accounting, at Handoff."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._desk = scene, scene.office.receivables

    async def pay(self, given: Pay) -> None:
        """Money comes in, as accounting enters it there."""
        entity = self._entity(given.contract)
        invoice = await self._in_erp(given, entity) if given.invoice else given.document
        money = Receipt(
            entity=entity,
            customer="" if invoice else await self._customer(given.contract),
            invoice=invoice,
            **given.model_dump(include={"amount", "currency", "applied", "withheld", "certificate", "on", "rate", "name"}),
        )
        await erp_of(self._scene, entity).receive(money)

    async def bounce(self, given: Bounce) -> None:
        """It is taken back there."""
        found = [(erp, payment) for erp in erps_on(self._scene) for payment in await erp.payments(given.name)]
        if len(found) != 1:
            raise StepFailed(f"there are {len(found)} payments of the name {given.name}")
        [(erp, payment)] = found
        await erp.bounce(payment)

    async def take_in_payments(self, _: Nothing) -> None:
        """A round of the schedule."""
        await asked(self._desk.poll())

    async def deposit(self, given: Deposit) -> None:
        """Finance enters it."""
        desk = self._scene.office.cash
        await asked(desk.deposit(given.contract, given.amount, on=given.on, reference=given.name, actor=given.by))

    async def apply(self, given: ApplyMoney) -> None:
        """Finance applies it."""
        reference = await self._reference(given.contract, given.invoice)
        held = await erp_of(self._scene, self._entity(given.contract)).payments(given.money)
        money = held[0] if len(held) == 1 else given.money
        await asked(self._scene.office.cash.apply(money, reference, given.amount, actor=given.by))

    async def open_dispute(self, given: OpenDispute) -> None:
        """Collections records it."""
        reference = await self._reference(given.contract, given.invoice)
        await asked(self._desk.open_dispute(reference, given.amount, given.reason, name=given.name, actor=given.by))

    async def settle_dispute(self, given: SettleDispute) -> None:
        """Finance agrees with the customer."""
        await asked(self._desk.settle_dispute(given.name, given.conceded, given.outcome, actor=given.by))

    async def _reference(self, contract: str, run: str) -> str:
        rows = await self._scene.view.rows(
            "SELECT reference FROM billing_documents WHERE run = $1 AND kind = 'invoice' ORDER BY reference", f"{contract}/{run}"
        )
        if not rows:
            raise StepFailed(f"there is no invoice of billing run {run} of {contract}")
        return str(rows[0]["reference"])

    async def _in_erp(self, given: Pay, entity: str) -> str:
        """The invoice as the ERP has it; it may be there before we know."""
        erp = erp_of(self._scene, entity)
        found = await self._scene.until(partial(erp.invoice, f"{given.contract}.{given.invoice}"), _APPEARS)
        if found is None:
            raise StepFailed(f"{erp.title} has no invoice of billing run {given.invoice} of {given.contract}")
        return found

    def _entity(self, contract: str) -> str:
        deal = self._scene.world.deals.get(contract)
        return deal.entity or "" if deal else ""

    async def _customer(self, contract: str) -> str:
        row = await self._scene.view.engagement(contract)
        customer = (row or {}).get("targets") or "{}"
        held = customer if isinstance(customer, dict) else {}
        if "customer" not in held:
            raise StepFailed(f"{contract} has no customer in the ERP yet")
        return str(held["customer"])
