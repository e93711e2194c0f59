"""Invoices: written as drafts, their totals compared with ours, then approved, so that nothing is posted with another tax."""

from canonical.errors import Conflict, MoveRefused, Rejected
from canonical.invoice import DocumentRecord, Invoice
from canonical.written import Written
from connectors.netsuite.documents import APPROVED, differs, document_record, invoice_body, is_draft, is_void
from connectors.netsuite.mapping import marked
from connectors.netsuite.posting import Posting
from connectors.netsuite.schemas import DocumentShape
from connectors.netsuite.wire import external_id

_KIND = "invoice"


class Invoices:
    """The invoices of ``Receivables``."""

    def __init__(self, posting: Posting) -> None:
        self._posting, self._account = posting, posting.account

    async def post_invoice(self, invoice: Invoice, *, customer_id: str, project_id: str, key: str) -> Written:
        """A draft that comes to other totals, or may not be approved, is deleted and refused."""
        made = await self._drafted(invoice, customer_id, project_id, key)
        found = await self._posting.read(_KIND, made, DocumentShape)
        await self._require_totals(found)
        if is_draft(found) and self._posting.settings.invoice_approval == "handoff":
            await self._approve(found, invoice)
        return self._written(found)

    async def find_invoice(self, reference: str, *, key: str) -> Written | None:
        """By external id. A draft of the same request that came to what was asked for is approved, which is all that it lacks.

        One that comes to something else, or may not be approved, is half made: to post again tells why.
        """
        found = await self._find(reference)
        if found is not None and self._is_half_made(found):
            found = await self._finished(found, key)
        if found is None:
            return None
        await self._posting.require_totals(found)
        return self._written(found)

    async def approve_invoice(self, target_id: str) -> None:
        """Post a draft that we may approve; one that is posted, or waits for somebody in NetSuite, stays as it is."""
        found = await self._posting.read(_KIND, target_id, DocumentShape)
        if self._is_half_made(found):
            await self._posting.require_totals(found)
            await self._account.change(_KIND, found.id, {"approvalStatus": APPROVED})

    async def read_invoice(self, target_id: str) -> DocumentRecord:
        """As it is now."""
        found = await self._posting.read(_KIND, target_id, DocumentShape)
        return document_record(found, await self._posting.money(found), self._posting.page(_KIND, found.id))

    async def withdraw_invoice(self, target_id: str, reason: str, *, key: str) -> Written:
        """A draft is deleted, since it posted nothing and its external id must be free again; NetSuite keeps a trail of it."""
        found = await self._account.find(_KIND, target_id, DocumentShape)
        if found is None:
            return Written(target_id=target_id, details={"withdrawn": "it does not exist"})
        if not is_draft(found):
            raise MoveRefused(
                f"Invoice {found.number} is posted in {self._account.system} and cannot be withdrawn",
                remedy="To take it back you must credit it.",
                evidence={"invoice": found.id, "status": found.status.ref_name if found.status else ""},
            )
        await self._account.remove(_KIND, target_id)
        return self._posting.written(_KIND, found, withdrawn=reason)

    async def _finished(self, found: DocumentShape, key: str) -> DocumentShape | None:
        if not found.memo.startswith(f"{marked(key)} ") or differs(found):
            return None
        try:
            await self._account.change(_KIND, found.id, {"approvalStatus": APPROVED})
        except Rejected:
            return None
        return await self._posting.read(_KIND, found.id, DocumentShape)

    async def _drafted(self, invoice: Invoice, customer_id: str, project_id: str, key: str) -> str:
        frame = await self._posting.frame(
            invoice.entity, invoice.currency, dated=invoice.invoice_date, posted=invoice.accounting_date
        )
        settings = self._posting.settings
        body = invoice_body(invoice, customer_id=customer_id, project_id=project_id, frame=frame, settings=settings, key=key)
        try:
            return await self._posting.create(_KIND, body, posted=invoice.accounting_date)
        except Conflict:
            held = await self._find(invoice.reference)
            if held is None or not self._is_half_made(held) or not held.memo.startswith(f"{marked(key)} "):
                raise
            # Of an attempt that broke off, perhaps for another accounting date: it posted nothing, and goes.
            await self._account.remove(_KIND, held.id)
            return await self._posting.create(_KIND, body, posted=invoice.accounting_date)

    async def _require_totals(self, found: DocumentShape) -> None:
        if differs(found) and is_draft(found):
            await self._account.remove(_KIND, found.id)
        await self._posting.require_totals(found)

    async def _approve(self, found: DocumentShape, invoice: Invoice) -> None:
        try:
            await self._account.change(_KIND, found.id, {"approvalStatus": APPROVED})
        except Rejected as refused:
            await self._account.remove(_KIND, found.id)
            posted = invoice.accounting_date
            await self._posting.periods.require_open(found.subsidiary.id, posted, receivables=True, refused=refused)
            raise

    def _is_half_made(self, found: DocumentShape) -> bool:
        return is_draft(found) and self._posting.settings.invoice_approval == "handoff"

    async def _find(self, reference: str) -> DocumentShape | None:
        return await self._account.find(_KIND, f"eid:{external_id(reference)}", DocumentShape)

    def _written(self, found: DocumentShape) -> Written:
        is_waiting = is_draft(found) and not self._is_half_made(found)
        state = "void" if is_void(found) else "draft" if is_waiting else "posted"
        return self._posting.written(_KIND, found, state=state)
