"""Credit memos: created and applied to their invoice in one call, as far as that is open."""

from canonical.invoice import CreditMemo, DocumentRecord
from canonical.money import Money
from canonical.written import Written
from connectors.netsuite.documents import credit_memo_body, document_record, still_open
from connectors.netsuite.posting import Posting
from connectors.netsuite.schemas import DocumentShape
from connectors.netsuite.wire import external_id

_KIND = "creditMemo"


class CreditMemos:
    """The credit memos of ``Receivables``."""

    def __init__(self, posting: Posting) -> None:
        self._posting, self._account = posting, posting.account

    async def post_credit_memo(self, memo: CreditMemo, *, invoice_id: str, key: str) -> Written:
        """What the invoice has no room for stays with the customer as credit."""
        invoice = await self._posting.read("invoice", invoice_id, DocumentShape)
        frame = await self._posting.frame(memo.entity, memo.currency, dated=memo.memo_date, posted=memo.accounting_date)
        applied, settings = min(memo.total.amount, still_open(invoice)), self._posting.settings
        body = credit_memo_body(memo, invoice=invoice, applied=applied, frame=frame, settings=settings, key=key)
        made = await self._posting.create(_KIND, body, posted=memo.accounting_date)
        return await self._written(await self._posting.read(_KIND, made, DocumentShape))

    async def find_credit_memo(self, reference: str, *, key: str) -> Written | None:
        """By external id."""
        found = await self._account.find(_KIND, f"eid:{external_id(reference)}", DocumentShape)
        return await self._written(found) if found else None

    async def read_credit_memo(self, target_id: str) -> DocumentRecord:
        """As it is now."""
        found = await self._posting.read(_KIND, target_id, DocumentShape)
        return document_record(found, await self._posting.money(found), self._posting.page(_KIND, found.id))

    async def _written(self, found: DocumentShape) -> Written:
        await self._posting.require_totals(found)
        left = Money.of(still_open(found), await self._posting.money(found))
        return self._posting.written(_KIND, found, unapplied=left)
