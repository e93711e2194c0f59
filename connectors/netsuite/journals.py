"""The general ledger: journals posted and reversed, what a document posted, and the accounting periods."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from canonical.errors import Conflict, NotReady, Rejected
from canonical.journal import AccountingPeriod, Journal, JournalLine, JournalRecord
from canonical.money import Money
from canonical.written import Written
from connectors.http import Json
from connectors.netsuite.documents import LONGEST_MEMO
from connectors.netsuite.mapping import dimension_fields, marked
from connectors.netsuite.posting import Posting
from connectors.netsuite.schemas import CustomerShape, JobShape, JournalShape, PostingLine
from connectors.netsuite.wire import external_id, reference_of

_KIND, _REVERSAL = "journalEntry", ".reversal"
_IS_DIMENSION = ("class", "department", "location", "custcol")
# Amounts are those of the books: in the currency of the subsidiary, in its primary book.
_POSTED = (
    "SELECT a.acctnumber, g.debit, g.credit, g.posting, t.type, t.tranid, t.externalid, "
    "TO_CHAR(t.trandate, 'YYYY-MM-DD') AS day, l.subsidiary, l.memo "
    "FROM transactionaccountingline g JOIN transaction t ON t.id = g.transaction "
    "JOIN transactionline l ON l.transaction = g.transaction AND l.id = g.transactionline "
    "JOIN account a ON a.id = g.account "
    "WHERE g.accountingbook = 1 AND g.transaction = {document} ORDER BY g.transactionline"
)
_REVERSAL_OF = "SELECT reversal FROM transaction WHERE id = {document}"


class Journals:
    """Satisfies ``GeneralLedger``."""

    def __init__(self, posting: Posting) -> None:
        self._posting, self._account = posting, posting.account

    async def post_journal(self, journal: Journal, *, key: str) -> Written:
        """A journal with a day of reversal is reversed by NetSuite itself."""
        day = journal.accounting_date
        frame = await self._posting.frame(journal.entity, journal.currency, dated=day, posted=day)
        body: Json = {
            **frame.body(),
            "externalId": external_id(journal.reference),
            "memo": marked(key, journal.memo)[:LONGEST_MEMO],
            "approved": True,
            "line": {"items": [await self._line(line, journal.entity) for line in journal.lines]},
        }
        if journal.reverses_on:
            body["reversalDate"] = journal.reverses_on.isoformat()
        source = self._posting.settings.document_fields.source
        if source and journal.source:
            body[source] = journal.source
        return await self._posted(body, day)

    async def find_journal(self, reference: str, *, key: str) -> Written | None:
        """By external id."""
        found = await self._account.find(_KIND, f"eid:{external_id(reference)}", JournalShape)
        return self._written(found) if found else None

    async def reverse_journal(self, target_id: str, on: date, reason: str, *, key: str) -> Written:
        """The opposite lines as a journal of its own: a day of reversal cannot be added where the period is closed by now."""
        found = await self._posting.read(_KIND, target_id, JournalShape)
        external = f"{found.external_id or found.id}{external_id(_REVERSAL)}"
        held = await self._account.find(_KIND, f"eid:{external}", JournalShape)
        if held:
            return self._written(held)
        if found.reversed_by:
            return Written(target_id=target_id, number=found.number, details={"reversed": found.reversed_by})
        period, _ = await self._posting.periods.posting(on)
        body: Json = {
            "externalId": external,
            "subsidiary": {"id": found.subsidiary.id},
            "currency": {"id": found.currency.id},
            "tranDate": on.isoformat(),
            "postingPeriod": {"id": period},
            "memo": marked(key, reason)[:LONGEST_MEMO],
            "approved": True,
            "line": {"items": [_opposite(line) for line in found.line.items]},
        }
        try:
            return await self._posted(body, on)
        except Conflict:
            return self._written(await self._account.read(_KIND, f"eid:{external}", JournalShape))

    async def read_journals(self, document_id: str) -> Sequence[JournalRecord]:
        """One for a document that posts, none for a draft, two for a journal that NetSuite reverses by itself.

        A document that queries do not show yet is asked for again later.
        """
        rows = await self._rows(document_id)
        effective = [row for row in rows if row["posting"] == "T"]
        found = [await self._record(document_id, effective)] if effective else []
        if rows[0]["type"] == "Journal":
            found += [await self._record(other, await self._rows(other)) for other in await self._reversals(document_id)]
        return found

    async def _rows(self, document_id: str) -> list[Json]:
        rows = [row async for row in self._account.query(_POSTED.format(document=int(document_id)))]
        if not rows:
            raise NotReady(
                f"{self._account.system} shows no postings of document {document_id} yet",
                evidence={"document": document_id},
            )
        return rows

    async def _reversals(self, journal: str) -> list[str]:
        found = [row async for row in self._account.query(_REVERSAL_OF.format(document=int(journal)))]
        return [str(row["reversal"]) for row in found if row.get("reversal")]

    async def periods(self, entity: str) -> Sequence[AccountingPeriod]:
        """Months, the oldest first."""
        return await self._posting.periods.of(entity)

    async def _posted(self, body: Json, day: date) -> Written:
        made = await self._posting.create(_KIND, body, posted=day, receivables=False)
        return self._written(await self._posting.read(_KIND, made, JournalShape))

    async def _line(self, line: JournalLine, entity: str) -> Json:
        side = {"debit": line.debit.amount} if line.debit else {"credit": line.credit.amount if line.credit else Decimal(0)}
        body: Json = {"account": {"id": await self._posting.directory.account(line.account)}, **side}
        if line.memo:
            body["memo"] = line.memo
        if line.customer or line.project:
            body["entity"] = {"id": await self._entity(line, entity)}
        return {**body, **dimension_fields(line.dimensions, self._posting.settings.line_dimensions)}

    async def _entity(self, line: JournalLine, entity: str) -> str:
        """The project is a customer's, too; a customer has a record of its own in each legal entity."""
        if line.project:
            project = await self._account.find("job", f"eid:{external_id(line.project)}", JobShape)
            if project:
                return project.id
        for name in (f"{line.customer}.{entity}", line.customer) if line.customer else ():
            customer = await self._account.find("customer", f"eid:{external_id(name)}", CustomerShape)
            if customer:
                return customer.id
        raise Rejected(
            f"{self._account.system} has no customer {line.customer} or project {line.project} for a line on {line.account}",
            remedy="Create the record in NetSuite under our reference as external id, then settle the exception with retry.",
            evidence={"customer": line.customer, "project": line.project, "account": line.account},
        )

    async def _record(self, document_id: str, rows: Sequence[Json]) -> JournalRecord:
        first, subsidiary = rows[0], str(rows[0]["subsidiary"])
        currency = await self._posting.directory.books_of(subsidiary)
        return JournalRecord(
            target_id=document_id,
            number=str(first.get("tranid", "")),
            reference=reference_of(str(first.get("externalid", ""))),
            entity=self._posting.directory.entities.get(subsidiary, subsidiary),
            posted_on=date.fromisoformat(first["day"]),
            document="" if first["type"] == "Journal" else document_id,
            lines=tuple(line for row in rows if (line := _posted_line(row, currency))),
        )

    def _written(self, found: JournalShape) -> Written:
        return self._posting.written(_KIND, found)


def _posted_line(row: Mapping[str, object], currency: str) -> JournalLine | None:
    """Nothing for a line without an amount; one below zero is the other side's."""
    net = Decimal(str(row.get("debit", 0))) - Decimal(str(row.get("credit", 0)))
    if not net:
        return None
    account, memo = str(row["acctnumber"]), str(row.get("memo", ""))
    if net > 0:
        return JournalLine(account=account, memo=memo, debit=Money.of(net, currency))
    return JournalLine(account=account, memo=memo, credit=Money.of(-net, currency))


def _opposite(line: PostingLine) -> Json:
    body: Json = {"account": {"id": line.account.id}, "memo": line.memo}
    body |= {"credit": line.debit} if line.debit else {"debit": line.credit}
    if line.entity:
        body["entity"] = {"id": line.entity.id}
    extra = line.model_extra or {}
    return body | {name: _plain(value) for name, value in extra.items() if name.startswith(_IS_DIMENSION)}


def _plain(value: object) -> object:
    return {"id": value["id"]} if isinstance(value, dict) else value
