"""Accounting in the simulated NetSuite, over its control paths."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rehearsal.erp import PeriodState, Receipt
from rehearsal.record import Json
from rehearsal.scene import StepFailed
from rehearsal.vendors import Vendor

_PENDING = "1"


class NetSuiteErp:
    """Satisfies ``Erp``."""

    title = "NetSuite"

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor

    async def invoice(self, reference: str) -> str | None:
        """By external id, once nobody has to approve it any more."""
        wanted = reference.replace(".", "__")
        posted = {number: one for number, one in (await self._records("invoice")).items() if not _is_draft(one)}
        return next((number for number, one in posted.items() if one.get("externalId") == wanted), None)

    async def receive(self, money: Receipt) -> None:
        """A customer payment, applied as accounting does."""
        invoice = await self._invoice(money.invoice) if money.invoice else None
        body = {
            "customer": invoice["entity"]["id"] if invoice else money.customer,
            "amount": money.amount,
            "currency": money.currency,
            "on": money.on.isoformat() if money.on else None,
            "exchangeRate": money.rate,
            "externalId": money.name or None,
        }
        if invoice:
            body["apply"] = [{"invoice": money.invoice, "amount": money.applied}]
        if invoice and money.withheld is not None:
            body["withheld"] = [{"invoice": money.invoice, "amount": money.withheld, "certificate": money.certificate}]
        await self._vendor.post("netsuite/payments", _plain(body))

    async def payments(self, name: str) -> Sequence[str]:
        """By external id."""
        held = await self._records("customerPayment")
        return [number for number, record in held.items() if record.get("externalId") == name]

    async def bounce(self, payment: str) -> None:
        """It is voided."""
        await self._vendor.post(f"netsuite/transactions/{payment}/void", {})

    async def set_period(self, month: str, state: PeriodState, entity: str | None) -> None:
        """From now on it takes postings, or takes none."""
        await self._vendor.put("netsuite/periods", {"period": month, "state": state, "subsidiary": entity})

    async def balances(self, entity: str) -> Mapping[str, Decimal]:
        """Its trial balance."""
        answer = await self._vendor.get(f"netsuite/trial-balance?subsidiary={entity}")
        return {account: Decimal(held["balance"]) for account, held in answer["accounts"].items()}

    async def entities(self) -> list[str]:
        """The legal entities whose books it can keep."""
        return [one["externalId"] for one in (await self._records("subsidiary")).values()]

    async def _invoice(self, number: str) -> Json:
        held = await self._records("invoice")
        if number not in held:
            raise StepFailed(f"NetSuite has no invoice {number}")
        invoice: Json = held[number]
        return invoice

    async def _records(self, kind: str) -> Json:
        found: Json = (await self._vendor.state())["records"].get(kind, {})
        return found


def _is_draft(invoice: Json) -> bool:
    return (invoice.get("approvalStatus") or {}).get("id") == _PENDING


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
