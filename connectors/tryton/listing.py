"""What the database holds of one company, as reconciliation compares it: by search, in pages by id, whatever the state.

A search sees at once what was committed. Whose a record is, is told by who made it: everything of ours was made by our own user.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal

from canonical.errors import Misconfigured
from canonical.payment import Payment, PaymentState
from canonical.period import Period
from canonical.reconciliation import Listed, Thing
from connectors.tryton.customers import PARTY
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.feeds import Feeds
from connectors.tryton.invoices import INVOICE, POSTED
from connectors.tryton.journals import GENERAL
from connectors.tryton.mapping import work_reference
from connectors.tryton.moves import APPLIED, MOVE, Moves
from connectors.tryton.projects import WORK
from connectors.tryton.schemas import CompanyShape, ListedInvoiceShape, MadeRecord, MoveShape, PartyShape, WorkShape
from connectors.tryton.wire import aware

_PAGE = 500
_WHATEVER_STATE = ["active", "in", [True, False]]


class Listings:
    """Satisfies ``Listing``. Charges are not among it, because Tryton holds none."""

    listings = frozenset({Thing.CUSTOMER, Thing.PROJECT, Thing.DOCUMENT, Thing.PAYMENT, Thing.JOURNAL})

    def __init__(self, database: Database, directory: Directory, feeds: Feeds, moves: Moves) -> None:
        self._database, self._directory, self._feeds, self._moves = database, directory, feeds, moves

    async def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """Of that entity's company, a page at a time."""
        company = await self._directory.company(entity)
        match thing:
            case Thing.CUSTOMER:
                pages = self._customers(company, entity)
            case Thing.PROJECT:
                pages = self._projects(company)
            case Thing.DOCUMENT:
                pages = self._documents(company, days)
            case Thing.PAYMENT:
                pages = self._payments(company, days)
            case Thing.JOURNAL:
                pages = self._journals(company, days)
            case _:
                raise Misconfigured(f"{self._database.system} lists no {thing}", remedy="Compare it with another system.")
        async for page in pages:
            yield page

    async def _customers(self, company: CompanyShape, entity: str) -> AsyncIterator[Sequence[Listed]]:
        """A party belongs to every company: of ours only those that were made for this entity, as their code says."""
        others = [other for other in self._database.settings.companies if other != entity]
        not_theirs = [["OR", ["code", "=", None], ["code", "not like", f"%.{other}"]] for other in others]
        where = [["id", "!=", company.party], _WHATEVER_STATE, *not_theirs]
        async for page in self._database.pages(PARTY, PartyShape, where, company=company.id, size=_PAGE):
            yield [self._standing(one, "customer", one.active) for one in page]

    async def _projects(self, company: CompanyShape) -> AsyncIterator[Sequence[Listed]]:
        """Without an amount, which Tryton does not keep of a project."""
        where = [["type", "=", "project"], ["company", "=", company.id]]
        withdrawn = self._database.settings.withdrawn_status
        async for page in self._database.pages(WORK, WorkShape, where, company=company.id, size=_PAGE):
            yield [
                self._standing(one, "erp_project", one.stage.name != withdrawn).changed(project=work_reference(one.comment)[0])
                for one in page
            ]

    def _standing(self, one: PartyShape | WorkShape, kind: str, is_live: bool) -> Listed:
        return Listed(
            target_id=str(one.id),
            reference=str(one.id),
            kind=kind,
            state="" if is_live else "inactive",
            counts=is_live,
            is_ours=self._is_ours(one),
        )

    async def _documents(self, company: CompanyShape, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """By the day on which each is accounted."""
        accounted = ["OR", _within("accounting_date", days), [["accounting_date", "=", None], *_within("invoice_date", days)]]
        where = [["type", "=", "out"], ["company", "=", company.id], accounted]
        async for page in self._database.pages(INVOICE, ListedInvoiceShape, where, company=company.id, size=_PAGE):
            yield [self._document(one) for one in page]

    def _document(self, one: ListedInvoiceShape) -> Listed:
        """A copy that somebody makes in Tryton has no reference, and another day; all else it has in common."""
        kind, is_posted = "credit_memo" if one.is_memo else "invoice", one.state in POSTED
        common = (kind, one.party, one.currency, one.net, one.total, one.description or "")
        return Listed(
            target_id=str(one.id),
            reference=one.reference or "",
            kind=kind,
            day=one.accounting_date or one.invoice_date,
            amount=abs(one.total),
            currency=one.currency,
            state="" if is_posted else "void" if one.state == "cancelled" else "draft",
            counts=is_posted,
            is_ours=self._is_ours(one),
            content="|".join(map(str, common)),
            changed_at=aware(one.changed or one.created),
        )

    async def _payments(self, company: CompanyShape, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """What customers paid, and the deposits that were entered here."""
        async for page in self._feeds.received(company, days):
            yield [_payment(one) for one in page]

    async def _journals(self, company: CompanyShape, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """Entries that no document made; what applies a credit belongs to its documents."""
        not_applying = ["OR", ["description", "=", None], ["description", "not like", f"{APPLIED}%"]]
        where = [["company", "=", company.id], ["journal.code", "=", GENERAL], not_applying, *_within("date", days)]
        async for page in self._database.pages(MOVE, MoveShape, where, company=company.id, size=_PAGE):
            debits = await self._debits(page, company)
            cancelled = await self._cancelled(page, company)
            yield [self._journal(one, debits[one.id], company, one.id in cancelled) for one in page]

    def _journal(self, one: MoveShape, debits: Sequence[Decimal], company: CompanyShape, is_cancelled: bool) -> Listed:
        number = f"{MOVE},{one.id}"
        return Listed(
            target_id=number,
            reference=number,
            kind="journal",
            day=one.date,
            amount=sum(debits, Decimal(0)),
            currency=company.money.code or "",
            state="cancelled there" if is_cancelled else "" if one.state == "posted" else "draft",
            counts=one.state == "posted" and not is_cancelled,
            is_ours=self._is_ours(one),
            roundings=max(len(debits), 1),
            changed_at=aware(one.created),
        )

    async def _debits(self, moves: Sequence[MoveShape], company: CompanyShape) -> Mapping[int, list[Decimal]]:
        found = defaultdict[int, list[Decimal]](list)
        for line in await self._moves.lines(*(move.id for move in moves), company=company.id):
            found[line.move].append(line.debit)
        return found

    async def _cancelled(self, moves: Sequence[MoveShape], company: CompanyShape) -> set[int]:
        """Entries of ours of which somebody else made the opposite in Tryton."""
        numbers = {f"{MOVE},{move.id}": move.id for move in moves if self._is_ours(move)}
        where = (["origin", "in", list(numbers)], ["state", "=", "posted"])
        found = await self._database.find(MOVE, MoveShape, *where, company=company.id) if numbers else []
        return {numbers[one.origin] for one in found if one.origin in numbers and not self._is_ours(one)}

    def _is_ours(self, one: MadeRecord) -> bool:
        return one.maker == self._database.settings.login


def _payment(one: Payment) -> Listed:
    is_bounced = one.state is not PaymentState.RECEIVED
    return Listed(
        target_id=one.source_id,
        reference=one.source_id,
        kind="payment",
        day=one.received_on,
        amount=one.amount.amount,
        currency=one.amount.currency,
        state="bounced" if is_bounced else "",
        counts=not is_bounced,
        changed_at=one.changed_at,
    )


def _within(field: str, days: Period) -> list[object]:
    return [[field, ">=", days.start], [field, "<=", days.last]]
