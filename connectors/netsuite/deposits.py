"""Customer deposits: money on account before there is an invoice, a liability until it is applied."""

from datetime import date
from decimal import Decimal

from canonical.money import Money
from canonical.written import Written
from connectors.netsuite.mapping import marked
from connectors.netsuite.posting import Posting
from connectors.netsuite.schemas import CustomerShape, TransactionShape
from connectors.netsuite.wire import external_id

_KIND = "customerDeposit"


class Deposits:
    """The deposits of ``Receivables``."""

    def __init__(self, posting: Posting) -> None:
        self._posting, self._account = posting, posting.account

    async def post_deposit(
        self, reference: str, customer_id: str, amount: Money, on: date, *, exchange_rate: Decimal | None = None, key: str
    ) -> Written:
        """In the books of the legal entity that the customer's record belongs to, at the given rate, else at NetSuite's."""
        customer = await self._account.read("customer", customer_id, CustomerShape)
        period, _ = await self._posting.periods.posting(on)
        body = {
            "externalId": external_id(reference),
            "customer": {"id": customer_id},
            "subsidiary": {"id": customer.subsidiary.id},
            "currency": {"id": await self._posting.directory.currency(amount.currency)},
            "payment": amount.amount,
            "tranDate": on.isoformat(),
            "postingPeriod": {"id": period},
            "account": {"id": await self._posting.directory.account(self._posting.settings.chart.cash)},
            "memo": marked(key),
        }
        if exchange_rate is not None:
            body["exchangeRate"] = exchange_rate
        made = await self._posting.create(_KIND, body, posted=on)
        return self._posting.written(_KIND, await self._posting.read(_KIND, made, TransactionShape))

    async def find_deposit(self, reference: str, *, key: str) -> Written | None:
        """By external id."""
        found = await self._account.find(_KIND, f"eid:{external_id(reference)}", TransactionShape)
        return self._posting.written(_KIND, found) if found else None
