"""One customer's credit settles another's invoice: out of the one account and into the other, over an account that clears.

A journal of NetSuite takes one line on a receivable only (2026-11), so it is two documents: a journal that the credit memo is
applied to, and a customer payment from the clearing account that is applied to the invoice. Both bear our reference.
"""

from datetime import date
from decimal import Decimal

from canonical.errors import Rejected
from canonical.money import Money
from canonical.written import Written
from connectors.http import Json
from connectors.netsuite.applications import Applications
from connectors.netsuite.documents import LONGEST_MEMO, Frame, application
from connectors.netsuite.mapping import marked
from connectors.netsuite.posting import Posting
from connectors.netsuite.schemas import OwedShape, TransactionShape
from connectors.netsuite.wire import external_id

_JOURNAL, _PAYMENT, _OUT = "journalEntry", "customerPayment", ".out"


class Transfers:
    """The transfers of ``Receivables``."""

    def __init__(self, posting: Posting, applications: Applications) -> None:
        self._posting, self._account, self._applications = posting, posting.account, applications

    async def transfer_credit(
        self, reference: str, source_id: str, invoice_id: str, amount: Money, on: date, *, key: str
    ) -> Written:
        """Whatever an earlier attempt made of it is found by our reference, and only the rest is made."""
        memo = await self._posting.read("creditMemo", source_id, OwedShape)
        invoice = await self._posting.read("invoice", invoice_id, OwedShape)
        await self._require_kin(memo, invoice, amount)
        entity = self._posting.directory.entities[memo.subsidiary.id]
        frame = await self._posting.frame(entity, amount.currency, dated=on, posted=on)
        out = await self._out(reference, memo, invoice, amount, frame, key)
        await self._applications.apply_credit(memo.id, out.id, amount, key=f"{key}{_OUT}")
        paid = await self._paid(reference, memo, invoice, amount, frame, key)
        return self._written(paid, out)

    async def find_transfer(self, reference: str, *, key: str) -> Written | None:
        """By the external id of its last document."""
        paid = await self._found(_PAYMENT, reference)
        out = await self._found(_JOURNAL, f"{reference}{_OUT}") if paid else None
        return self._written(paid, out) if paid and out else None

    async def _out(
        self, reference: str, memo: OwedShape, invoice: OwedShape, amount: Money, frame: Frame, key: str
    ) -> TransactionShape:
        """The customer whose credit it was has used so much of it."""
        held = await self._found(_JOURNAL, f"{reference}{_OUT}")
        if held:
            return held
        clearing = await self._posting.directory.account(self._posting.settings.chart.clearing)
        words = f"Credit {memo.number} settles invoice {invoice.number}"
        owed: Json = {"account": {"id": memo.account.id}, "debit": amount.amount, "entity": {"id": memo.entity.id}}
        lines: list[Json] = [owed, {"account": {"id": clearing}, "credit": amount.amount}]
        body: Json = {
            **self._head(f"{reference}{_OUT}", frame, memo, key, words),
            "approved": True,
            "line": {"items": [{**line, "memo": words} for line in lines]},
        }
        made = await self._posting.create(_JOURNAL, body, posted=frame.day)
        return await self._posting.read(_JOURNAL, made, TransactionShape)

    async def _paid(
        self, reference: str, memo: OwedShape, invoice: OwedShape, amount: Money, frame: Frame, key: str
    ) -> TransactionShape:
        """The customer who owes the invoice has paid so much of it."""
        held = await self._found(_PAYMENT, reference)
        if held:
            return held
        body: Json = {
            **self._head(reference, frame, memo, key, f"Settled by credit {memo.number}"),
            "customer": {"id": invoice.entity.id},
            "payment": amount.amount,
            "account": {"id": await self._posting.directory.account(self._posting.settings.chart.clearing)},
            "arAcct": {"id": invoice.account.id},
            "apply": {"items": [application(invoice.id, amount.amount)]},
        }
        made = await self._posting.create(_PAYMENT, body, posted=frame.day)
        return await self._posting.read(_PAYMENT, made, TransactionShape)

    def _head(self, reference: str, frame: Frame, memo: OwedShape, key: str, words: str) -> Json:
        """Both at the rate of the credit, so that the clearing account comes to nothing in the books' currency as well."""
        head = {**frame.body(), "externalId": external_id(reference), "memo": marked(key, words)[:LONGEST_MEMO]}
        is_foreign = memo.exchange_rate not in {None, Decimal(1)}
        return {**head, "exchangeRate": memo.exchange_rate} if is_foreign else head

    async def _require_kin(self, memo: OwedShape, invoice: OwedShape, amount: Money) -> None:
        same = memo.subsidiary.id == invoice.subsidiary.id and memo.currency.id == invoice.currency.id
        if same and await self._posting.money(memo) == amount.currency:
            return
        raise Rejected(
            f"{amount} of {memo.number} cannot settle {invoice.number}: legal entity or currency differ",
            remedy="Refund the one and have the other paid; then reject this.",
            evidence={"credit_memo": memo.id, "invoice": invoice.id},
        )

    async def _found(self, kind: str, reference: str) -> TransactionShape | None:
        return await self._account.find(kind, f"eid:{external_id(reference)}", TransactionShape)

    def _written(self, paid: TransactionShape, out: TransactionShape) -> Written:
        return self._posting.written(_PAYMENT, paid, journal=out.id)
