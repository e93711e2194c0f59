"""What customers do with money, and what accounting does about it: pay, bounce, dispute, settle; and payments are taken in."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal

from pydantic import Field, model_validator

from policies.shape import Shape
from rehearsal.record import Json
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
        invoice = await self._in_erp(given) if given.invoice else await self._foreign(given.document)
        body = {
            "customer": invoice["entity"]["id"] if invoice else await self._customer(given.contract),
            "amount": given.amount,
            "currency": given.currency,
            "on": given.on.isoformat() if given.on else None,
            "exchangeRate": given.rate,
            "externalId": given.name or None,
        }
        if invoice:
            body["apply"] = [{"invoice": invoice["id"], "amount": given.applied}]
        if invoice and given.withheld is not None:
            body["withheld"] = [{"invoice": invoice["id"], "amount": given.withheld, "certificate": given.certificate}]
        await self._scene.stage.vendors["netsuite"].post("netsuite/payments", _plain(body))

    async def _foreign(self, document: str) -> Json | None:
        """A document of the ERP that Handoff did not make."""
        if not document:
            return None
        invoices: Json = (await self._scene.stage.vendors["netsuite"].state())["records"].get("invoice", {})
        if document not in invoices:
            raise StepFailed(f"NetSuite has no invoice {document}")
        return {**invoices[document], "id": document}

    async def bounce(self, given: Bounce) -> None:
        """It is voided there."""
        netsuite = self._scene.stage.vendors["netsuite"]
        records = (await netsuite.state())["records"].get("customerPayment", {})
        ids = [number for number, record in records.items() if record.get("externalId") == given.name]
        if len(ids) != 1:
            raise StepFailed(f"NetSuite has {len(ids)} payments of the name {given.name}")
        await netsuite.post(f"netsuite/transactions/{ids[0]}/void", {})

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
        await asked(self._scene.office.cash.apply(given.money, reference, given.amount, actor=given.by))

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

    async def _in_erp(self, given: Pay) -> Json:
        """The invoice as the ERP has it; it may be there before we know."""
        wanted = f"{given.contract}.{given.invoice}".replace(".", "__")

        async def found() -> Json | None:
            invoices: Json = (await self._scene.stage.vendors["netsuite"].state())["records"].get("invoice", {})
            posted = {number: one for number, one in invoices.items() if (one.get("approvalStatus") or {}).get("id") != "1"}
            return next(({**one, "id": number} for number, one in posted.items() if one.get("externalId") == wanted), None)

        invoice = await self._until(found)
        if invoice is None:
            raise StepFailed(f"NetSuite has no invoice of billing run {given.invoice} of {given.contract}")
        return invoice

    async def _until(self, look: "Callable[[], Awaitable[Json | None]]") -> Json | None:
        return await self._scene.until(look, _APPEARS)

    async def _customer(self, contract: str) -> str:
        row = await self._scene.view.engagement(contract)
        customer = (row or {}).get("targets") or "{}"
        held = customer if isinstance(customer, dict) else {}
        if "customer" not in held:
            raise StepFailed(f"{contract} has no customer in the ERP yet")
        return str(held["customer"])


def _plain(body: Json) -> Json:
    """Amounts as JSON has them, without what is not given."""
    return {name: _number(value) for name, value in body.items() if value is not None}


def _number(value: object) -> object:
    match value:
        case Decimal():
            return float(value)
        case list():
            return [_plain(one) if isinstance(one, dict) else one for one in value]
        case _:
            return value
