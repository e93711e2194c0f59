"""Applying credit: a deposit by a deposit application of its own, a payment or credit memo by a line of its ``apply`` list."""

import asyncio
from collections import defaultdict
from decimal import Decimal

from canonical.errors import NotFound, Rejected, Throttled
from canonical.money import Money
from canonical.written import Written
from connectors.http import Json
from connectors.netsuite.documents import LONGEST_MEMO, application
from connectors.netsuite.mapping import OURS, marked
from connectors.netsuite.posting import Posting
from connectors.netsuite.refusals import RECORD_CHANGED, RULES
from connectors.netsuite.schemas import SourceShape, TransactionShape
from connectors.netsuite.wire import external_id

_APPLICATION, _DEPOSIT = "depositApplication", "customerDeposit"
_LISTED = ("creditMemo", "customerPayment")
_APPLIED, _BETWEEN = "applied ", " | "
_ATTEMPTS = 3


class Applications:
    """The applications of ``Receivables``."""

    def __init__(self, posting: Posting) -> None:
        self._posting, self._account = posting, posting.account
        # Two applications of one payment at once would each write the memo that the other has not seen.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def apply_credit(self, source_id: str, invoice_id: str, amount: Money, *, key: str) -> Written:
        """What kind of document the source is, is found by asking; ids are unique over all kinds."""
        deposit = await self._account.find(_DEPOSIT, source_id, SourceShape)
        if deposit:
            await self._require_currency(deposit, amount)
            return await self._apply_deposit(deposit, invoice_id, amount, key)
        async with self._turns[source_id]:
            for _ in range(_ATTEMPTS):
                kind, source = await self._source(source_id)
                await self._require_currency(source, amount)
                if _is_marked(source, key) or await self._listed(kind, source, invoice_id, amount, key):
                    return self._as_listed(kind, source, invoice_id)
        raise Throttled(f"{self._account.system}: several writers collided on document {source_id}")

    async def find_application(self, source_id: str, invoice_id: str, *, key: str) -> Written | None:
        """By external id, or by our key in the memo of what was applied."""
        made = await self._account.find(_APPLICATION, f"eid:{_external(key)}", TransactionShape)
        if made:
            return self._posting.written(_APPLICATION, made)
        for kind in _LISTED:
            source = await self._account.find(kind, source_id, SourceShape)
            if source:
                return self._as_listed(kind, source, invoice_id) if _is_marked(source, key) else None
        return None

    async def _apply_deposit(self, deposit: SourceShape, invoice_id: str, amount: Money, key: str) -> Written:
        body = {
            "externalId": _external(key),
            "memo": marked(key),
            "apply": {"items": [application(invoice_id, amount.amount)]},
        }
        try:
            made = await self._account.transform(_DEPOSIT, deposit.id, _APPLICATION, body)
        except Rejected as refused:
            if refused.evidence.get("vendor_code") == RULES:
                await self._posting.require_absent(_APPLICATION, _external(key), refused)
            raise
        found = await self._posting.read(_APPLICATION, made or f"eid:{_external(key)}", TransactionShape)
        return self._posting.written(_APPLICATION, found)

    async def _listed(self, kind: str, source: SourceShape, invoice_id: str, amount: Money, key: str) -> bool:
        """One call sets line and mark, so that a look-up knows both or neither; false where another writer came between."""
        before = sum((line.amount for line in source.apply.made if line.doc.id == invoice_id), Decimal(0))
        lines = [application(invoice_id, before + amount.amount)]
        body: Json = {"memo": _remembered(source.memo, key), "apply": {"items": lines}}
        return await self._account.attempt(kind, source.id, body, unless=RECORD_CHANGED)

    async def _source(self, source_id: str) -> tuple[str, SourceShape]:
        for kind in _LISTED:
            found = await self._account.find(kind, source_id, SourceShape, expandSubResources="true")
            if found:
                return kind, found
        raise NotFound(
            f"{self._account.system} has no deposit, payment or credit memo {source_id}",
            remedy="Look for the credit in NetSuite; settle with its id, or reject.",
            evidence={"document": source_id},
        )

    async def _require_currency(self, source: SourceShape, amount: Money) -> None:
        currency = await self._posting.money(source)
        if currency != amount.currency:
            raise Rejected(
                f"{source.number} is in {currency}, so that {amount} of it cannot be applied",
                remedy="Apply an amount in the currency of the credit, then settle the exception with retry.",
                evidence={"document": source.id, "currency": currency},
            )

    def _as_listed(self, kind: str, source: SourceShape, invoice_id: str) -> Written:
        url = self._posting.page(kind, source.id)
        return Written(target_id=f"{source.id}:{invoice_id}", number=source.number, url=url)


def _external(key: str) -> str:
    return external_id(key.replace("/", "."))


def _mark(key: str) -> str:
    return f"{OURS}{_APPLIED}{key}"


def _is_marked(source: SourceShape, key: str) -> bool:
    return _mark(key) in source.memo.split(_BETWEEN)


def _remembered(memo: str, key: str) -> str:
    """The memo with our mark; where it grows too long, the oldest marks go, which no look-up asks for any more."""
    parts = [part for part in memo.split(_BETWEEN) if part]
    marks = [part for part in parts if part.startswith(f"{OURS}{_APPLIED}")] + [_mark(key)]
    text = _BETWEEN.join(part for part in parts if part not in marks)
    while len(marks) > 1 and len(_BETWEEN.join([text, *marks])) > LONGEST_MEMO:
        del marks[0]
    room = LONGEST_MEMO - len(_BETWEEN.join(["", *marks]))
    return _BETWEEN.join(filter(None, [text[:room], *marks]))
