"""What changed in receivables: ids by query, over a window that overlaps the last one, and each document read as it is now.

Tax that a customer withheld against a certificate is, in NetSuite, a credit memo of the withholding item that is applied to the
invoice; it is told as a payment of nothing with what was withheld, since the certificate may come long after the money.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from canonical.errors import NotFound
from canonical.invoice import DocumentRecord
from canonical.money import Money
from canonical.payment import Application, Payment, PaymentState
from canonical.reference import Reference
from connectors.http import Json
from connectors.netsuite.account import literal, together
from connectors.netsuite.documents import document_record, is_void
from connectors.netsuite.posting import Document, Posting
from connectors.netsuite.schemas import CreditShape, DocumentShape, PaymentShape, TransactionShape
from connectors.netsuite.wire import reference_of

Told = TypeVar("Told")
_REFERENCE: TypeAdapter[str] = TypeAdapter(Reference)
_RECORDS = {"CustInvc": "invoice", "CustCred": "creditMemo"}
_MOMENT = "'YYYY-MM-DD HH24:MI:SS'"
# NetSuite records a returned payment by voiding it (V), and does not say why; R is a payment that the bank refused.
_BOUNCED = {"V", "R"}


class Feeds:
    """The change feeds of ``Receivables``."""

    def __init__(self, posting: Posting) -> None:
        self._posting, self._account, self._settings = posting, posting.account, posting.settings

    async def documents(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[DocumentRecord]]:
        """Invoices and credit memos of our legal entities, a page at a time."""
        changed = await self._changed("transaction t", "t.type IN ('CustInvc', 'CustCred')", since, until)
        async for page in self._pages(changed, self._document):
            yield page

    async def payments(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[Payment]]:
        """Payments of our legal entities, then what was withheld."""
        changed = await self._changed("transaction t", "t.type = 'CustPymt'", since, until)
        async for page in self._pages(changed, self._payment):
            yield page
        item = await self._posting.directory.item(self._settings.chart.item(self._settings.chart.withholding))
        if item:
            lines = "transaction t JOIN transactionline l ON l.transaction = t.id"
            credits = await self._changed(lines, f"t.type = 'CustCred' AND l.item = {int(item)}", since, until)
            async for page in self._pages(credits, self._withheld):
                yield page

    async def _changed(self, tables: str, which: str, since: datetime, until: datetime) -> list[Json]:
        begin, end = local_window(since - self._settings.poll_overlap, until, ZoneInfo(self._settings.time_zone))
        window = f"t.lastmodifieddate >= {_moment(begin)} AND t.lastmodifieddate <= {_moment(end)}"
        query = f"SELECT DISTINCT t.id, t.type FROM {tables} WHERE {which} AND {window} ORDER BY t.id"
        return [row async for row in self._account.query(query)]

    async def _pages(self, rows: Sequence[Json], tell: Callable[[Json], Awaitable[Told | None]]) -> AsyncIterator[list[Told]]:
        """As many at once as leave the reserved calls to others."""
        size = max(1, self._settings.concurrent_calls - self._settings.reserved_calls)
        for start in range(0, len(rows), size):
            told = [one for one in await together(map(tell, rows[start : start + size])) if one is not None]
            if told:
                yield told

    async def _document(self, row: Json) -> DocumentRecord | None:
        kind = _RECORDS[str(row["type"])]
        found = await self._ours(kind, row, DocumentShape)
        return document_record(found, await self._posting.money(found), self._posting.page(kind, found.id)) if found else None

    async def _payment(self, row: Json) -> Payment | None:
        found = await self._ours("customerPayment", row, PaymentShape)
        if found is None:
            return None
        currency = await self._posting.money(found)
        has_bounced = found.status is not None and found.status.id in _BOUNCED
        lines = () if has_bounced else found.apply.made
        return self._told(
            found,
            customer=found.customer.id,
            amount=Money.of(found.amount, currency),
            state=PaymentState.BOUNCED if has_bounced else PaymentState.RECEIVED,
            applications=tuple(
                Application(target_id=line.doc.id, number=line.number, amount=Money.of(line.amount, currency)) for line in lines
            ),
        )

    async def _withheld(self, row: Json) -> Payment | None:
        found = await self._ours("creditMemo", row, CreditShape)
        if found is None:
            return None
        currency = await self._posting.money(found)
        lines = () if is_void(found) else found.apply.made
        nothing, certificate = Money.zero(currency), self._certificate(found)
        return self._told(
            found,
            customer=found.entity.id,
            amount=nothing,
            state=PaymentState.VOID if is_void(found) else PaymentState.RECEIVED,
            applications=tuple(
                Application(
                    target_id=line.doc.id,
                    number=line.number,
                    amount=nothing,
                    withheld=Money.of(line.amount, currency),
                    certificate=certificate,
                )
                for line in lines
            ),
        )

    def _certificate(self, found: CreditShape) -> str:
        field = self._settings.document_fields.certificate
        return str((found.model_extra or {}).get(field) or found.other_number)

    async def _ours(self, kind: str, row: Json, shape: type[Document]) -> Document | None:
        """Nothing for a document of a subsidiary that is none of our entities, or one that was deleted since the query saw it."""
        try:
            found = await self._posting.read(kind, str(row["id"]), shape, urgent=False)
        except NotFound:
            return None
        return found if found.subsidiary.id in self._posting.directory.entities else None

    def _reference(self, found: TransactionShape) -> str:
        """What people or banks gave it as external id, where that is a reference of our form."""
        try:
            return _REFERENCE.validate_python(reference_of(found.external_id))
        except ValidationError:
            return f"{self._account.system}.{found.id}"

    def _told(
        self, found: TransactionShape, *, customer: str, amount: Money, state: PaymentState, applications: tuple[Application, ...]
    ) -> Payment:
        return Payment(
            system=self._account.system,
            source_id=found.id,
            source_version=found.changed.isoformat(),
            reference=self._reference(found),
            entity=self._posting.directory.entities[found.subsidiary.id],
            customer=customer,
            amount=amount,
            received_on=found.day,
            state=state,
            applications=applications,
            changed_at=found.changed,
            memo=found.memo,
        )


def local_window(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The window on the integration user's clock, which queries know; wider where that clock is put forward or back inside it."""
    begin, end = (at.astimezone(zone).replace(tzinfo=None) for at in (since, until))
    elapsed = until - since
    return min(begin, end - elapsed), max(end, begin + elapsed)


def _moment(local: datetime) -> str:
    return f"TO_DATE({literal(local.strftime('%Y-%m-%d %H:%M:%S'))}, {_MOMENT})"
