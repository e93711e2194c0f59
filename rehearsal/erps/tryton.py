"""Accounting in a real Tryton: what a person does in Tryton's own client, over the control paths of the relay in front of it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rehearsal.erp import PeriodState, Receipt
from rehearsal.scene import StepFailed
from rehearsal.vendors import Vendor


class TrytonErp:
    """Satisfies ``Erp``."""

    title = "Tryton"

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor

    async def invoice(self, reference: str) -> str | None:
        """By its reference, once it is posted."""
        held = (await self._vendor.state())["invoices"]
        posted = [number for number, one in held.items() if one["reference"] == reference and one["state"] in {"posted", "paid"}]
        return next(iter(posted), None)

    async def receive(self, money: Receipt) -> None:
        """By its own wizard where there is an invoice; money on account is an entry in the cash journal."""
        if money.currency is not None or money.rate is not None:
            raise StepFailed("Tryton takes what is paid in the invoice's currency at its own rates; leave currency and rate out")
        if money.applied is not None and money.applied not in {money.amount, await self._open(money)}:
            raise StepFailed(f"Tryton applies all of a payment as far as the invoice is open, not {money.applied} of it")
        given = {
            "invoice": money.invoice,
            "customer": money.customer,
            "amount": str(money.amount),
            "withheld": money.withheld is not None,
            "on": money.on,
            "name": money.name,
        }
        await self._vendor.post("tryton/payments", given)

    async def payments(self, name: str) -> Sequence[str]:
        """By the description of the entry, which is what the bank says."""
        moves = (await self._vendor.state())["moves"]
        return [
            f"account.move,{number}"
            for number, one in moves.items()
            if one["description"] == name
            and (one["journal"] or {}).get("type") == "cash"
            and not str(one["origin"] or "").startswith("account.move,")
        ]

    async def bounce(self, payment: str) -> None:
        """It is cancelled by its opposite."""
        await self._vendor.post("tryton/bounces", {"payment": payment})

    async def set_period(self, month: str, state: PeriodState, entity: str | None) -> None:
        """From now on it takes postings, or takes none."""
        if state == "ar_locked":
            raise StepFailed("Tryton locks no receivables alone: a month there is open or closed")
        await self._vendor.put("tryton/periods", {"period": month, "state": state})

    async def balances(self, entity: str) -> Mapping[str, Decimal]:
        """Everything that is posted."""
        state = await self._vendor.state()
        found: dict[str, Decimal] = {}
        for line in state["postings"].values():
            if state["moves"][str(line["move"])]["state"] == "posted":
                account = line["account"]["code"]
                found[account] = found.get(account, Decimal(0)) + Decimal(line["debit"]) - Decimal(line["credit"])
        return found

    async def _open(self, money: Receipt) -> Decimal:
        invoice = (await self._vendor.state())["invoices"].get(money.invoice, {})
        return Decimal(invoice.get("amount_to_pay") or 0)
