"""What the account holds of one legal entity, as reconciliation compares it: by query, counted first, then read in stretches.

Queries see a new record after a delay; what is compared minutes after it was written may be there and not be listed yet.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from canonical.errors import Misconfigured
from canonical.period import Period
from canonical.reconciliation import Listed, Sought, Thing, likeness
from connectors.http import Json
from connectors.netsuite.account import Account, literal
from connectors.netsuite.directory import Directory
from connectors.netsuite.mapping import OURS
from connectors.netsuite.wire import external_id, reference_of

_MOST_AT_ONCE = 50_000  # of the 100,000 rows that one query may have
_PAGE = 1_000
_CHANGED = "TO_CHAR({0}, 'YYYY-MM-DD HH24:MI:SS') AS changed"
_CHARGES = (
    "SELECT c.id, c.externalid, c.billto, c.amount, c.quantity, c.currency, c.stage, c.description, c.memo, "
    f"TO_CHAR(c.chargedate, 'YYYY-MM-DD') AS day, {_CHANGED.format('c.lastmodifieddate')} FROM charge c "
    "WHERE c.subsidiary = {subsidiary} AND c.use = 'Actual' AND {which} ORDER BY c.id"
)
_DOCUMENTS = (
    "SELECT t.id, t.externalid, t.type, t.entity, t.foreigntotal, t.currency, t.status, t.voided, t.posting, t.memo, "
    f"TO_CHAR(t.trandate, 'YYYY-MM-DD') AS day, {_CHANGED.format('t.lastmodifieddate')} "
    "FROM transaction t JOIN transactionline l ON l.transaction = t.id AND l.linesequencenumber = 0 "
    "WHERE t.type IN ({types}) AND l.subsidiary = {subsidiary} AND {which} ORDER BY t.id"
)
_JOURNALS = (
    "SELECT t.id, MAX(t.externalid) AS externalid, MAX(t.memo) AS memo, SUM(g.debit) AS debit, COUNT(*) AS lines, "
    f"MAX(TO_CHAR(t.trandate, 'YYYY-MM-DD')) AS day, MAX({_CHANGED.format('t.lastmodifieddate').removesuffix(' AS changed')}) "
    "AS changed FROM transaction t "
    "JOIN transactionaccountingline g ON g.transaction = t.id AND g.accountingbook = 1 AND g.posting = 'T' "
    "JOIN transactionline l ON l.transaction = g.transaction AND l.id = g.transactionline "
    "WHERE t.type = 'Journal' AND l.subsidiary = {subsidiary} AND {which} GROUP BY t.id ORDER BY t.id"
)
_LINES = (
    "SELECT l.transaction, l.item, l.entity FROM transactionline l "
    "WHERE l.transaction IN ({numbers}) AND l.linesequencenumber > 0 ORDER BY l.transaction, l.linesequencenumber"
)
_SETTLED = (
    "SELECT k.nextdoc, k.previousdoc FROM nexttransactionlinelink k "
    "WHERE k.nextdoc IN ({numbers}) AND k.previoustype = 'CustInvc' ORDER BY k.nextdoc, k.previousdoc"
)
_CUSTOMERS = "SELECT id, comments, isinactive FROM customer WHERE subsidiary = {subsidiary} AND {which} ORDER BY id"
_JOBS = (
    "SELECT id, externalid, comments, isinactive, jobprice, currency FROM job "
    "WHERE subsidiary = {subsidiary} AND {which} ORDER BY id"
)
_DATED: Mapping[Thing, tuple[str, str, str]] = {
    Thing.CHARGE: ("charge c", "c.chargedate", "c.subsidiary = {subsidiary}"),
    Thing.DOCUMENT: ("transaction t", "t.trandate", "t.type IN ('CustInvc', 'CustCred')"),
    Thing.PAYMENT: ("transaction t", "t.trandate", "t.type IN ('CustPymt', 'CustDep')"),
    Thing.JOURNAL: ("transaction t", "t.trandate", "t.type = 'Journal'"),
}
_QUERIES: Mapping[Thing, str] = {
    Thing.CHARGE: _CHARGES,
    Thing.JOURNAL: _JOURNALS,
    Thing.DOCUMENT: _DOCUMENTS,
    Thing.PAYMENT: _DOCUMENTS,
    Thing.CUSTOMER: _CUSTOMERS,
    Thing.PROJECT: _JOBS,
}
_NAMED_BY_US = {Thing.CHARGE, Thing.DOCUMENT}
_EVERY, _NONE = "1 = 1", "1 = 0"
_KINDS = {"CustInvc": "invoice", "CustCred": "credit_memo", "CustPymt": "payment", "CustDep": "payment"}
_DRAFTS, _BOUNCED = {"D", "E"}, {"V", "R"}
_TAKEN_BACK = "NON_BILLABLE"
_SOUGHT_AT_ONCE = 500
_LISTS_LAG = timedelta(seconds=60)  # nothing is documented of when a query sees what was written


class Listings:
    """Satisfies ``Listing``."""

    listings = frozenset({Thing.CUSTOMER, Thing.PROJECT, *_DATED})

    def __init__(self, account: Account, directory: Directory) -> None:
        self._account, self._directory = account, directory
        self._zone = ZoneInfo(account.settings.time_zone)
        self._withholding = account.settings.chart.item(account.settings.chart.withholding)
        self.lists_lag = account.settings.timing.visibility_delay or _LISTS_LAG

    async def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """Of that entity's subsidiary, a page at a time."""
        subsidiary = self._subsidiary(thing, entity)
        stretches = await self._stretches(thing, subsidiary, days) if thing in _DATED else [None]
        for stretch in stretches:
            which = _between(_DATED[thing][1], stretch) if stretch else _EVERY
            async for page in self._listed(thing, subsidiary, which, entity):
                yield page

    async def listed_again(self, thing: Thing, sought: Sequence[Sought], *, entity: str) -> AsyncIterator[Sequence[Listed]]:
        """These, by what they are called there and by our names, wherever they are now."""
        subsidiary = self._subsidiary(thing, entity)
        for start in range(0, len(sought), _SOUGHT_AT_ONCE):
            which = _named_so(thing, sought[start : start + _SOUGHT_AT_ONCE])
            async for page in self._listed(thing, subsidiary, which, entity):
                yield page

    async def _listed(self, thing: Thing, subsidiary: str, which: str, entity: str) -> AsyncIterator[list[Listed]]:
        async for page in self._pages(_query(thing, subsidiary, which)):
            found = [await (self._dated(thing, row, entity) if thing in _DATED else self._standing(thing, row)) for row in page]
            yield await self._with_causes(found, page) if thing is Thing.DOCUMENT else found

    async def _with_causes(self, found: list[Listed], page: Sequence[Json]) -> list[Listed]:
        """Credit memos that people made there: the invoice that each settles, else the project that it is for.

        What a customer withheld against a certificate is a credit memo there and a payment to us.
        """
        parties = {str(row["id"]): str(row.get("entity", "")) for row in page if row["type"] == "CustCred"}
        numbers = [one.target_id for one in found if not one.is_ours and one.target_id in parties]
        if not numbers:
            return found
        about, withheld = dict[str, str](), await self._directory.item(self._withholding)
        async for row in self._account.query(_LINES.format(numbers=", ".join(numbers))):
            of = str(row["transaction"])
            if row.get("item") is not None and str(row["item"]) == withheld:
                about[of] = ""
            elif str(row.get("entity", parties[of])) != parties[of]:
                about.setdefault(of, str(row["entity"]))
        async for row in self._account.query(_SETTLED.format(numbers=", ".join(numbers))):
            if about.get(str(row["nextdoc"]), "?"):
                about[str(row["nextdoc"])] = f"invoice/{row['previousdoc']}"
        return [one.changed(about=about[one.target_id]) if about.get(one.target_id) else one for one in found]

    def _subsidiary(self, thing: Thing, entity: str) -> str:
        if thing not in self.listings:
            raise Misconfigured(f"{self._account.system} lists no {thing}", remedy="Compare it with another system.")
        return self._directory.subsidiary(entity)

    async def _stretches(self, thing: Thing, subsidiary: str, days: Period) -> list[Period]:
        """Days together whose records fit into one query."""
        tables, field, which = _DATED[thing]
        where = f"{which.format(subsidiary=int(subsidiary))} AND {_between(field, days)}"
        day = f"TO_CHAR({field}, 'YYYY-MM-DD')"
        counted = f"SELECT {day} AS day, COUNT(*) AS n FROM {tables} WHERE {where} GROUP BY {day} ORDER BY {day}"
        return _together([(date.fromisoformat(row["day"]), int(row["n"])) async for row in self._account.query(counted)])

    async def _pages(self, query: str) -> AsyncIterator[list[Json]]:
        page: list[Json] = []
        async for row in self._account.query(query):
            page.append(row)
            if len(page) == _PAGE:
                yield page
                page = []
        if page:
            yield page

    async def _dated(self, thing: Thing, row: Json, entity: str) -> Listed:
        if thing is Thing.CHARGE:
            return self._charge(row, await self._directory.code_of(str(row["currency"])))
        if thing is Thing.JOURNAL:
            return self._journal(row, await self._directory.books_of(self._directory.subsidiary(entity)))
        return self._document(row, await self._directory.code_of(str(row["currency"])), thing)

    async def _standing(self, thing: Thing, row: Json) -> Listed:
        is_gone, price = row.get("isinactive") == "T", row.get("jobprice")
        has_value = thing is Thing.PROJECT and price is not None and row.get("currency")
        return Listed(
            target_id=str(row["id"]),
            reference=str(row["id"]),
            kind="customer" if thing is Thing.CUSTOMER else "erp_project",
            amount=Decimal(str(price)) if has_value else None,
            currency=await self._directory.code_of(str(row["currency"])) if has_value else "",
            state="inactive" if is_gone else "",
            counts=not is_gone,
            is_ours=str(row.get("comments", "")).startswith(OURS),
            project=reference_of(str(row.get("externalid", ""))),
        )

    def _charge(self, row: Json, currency: str) -> Listed:
        is_back = str(row.get("stage", "")) == _TAKEN_BACK
        alike, exact = (row.get("billto", ""), row["day"], row.get("memo", "")), (row.get("quantity", ""), row.get("amount", ""))
        return Listed(
            **self._named(row),
            kind="charge",
            amount=Decimal(str(row.get("amount", 0))),
            currency=currency,
            state="taken back" if is_back else "",
            counts=not is_back,
            about=str(row.get("billto", "")),
            content=likeness(alike, exact),
        )

    def _document(self, row: Json, currency: str, thing: Thing) -> Listed:
        status, is_void = str(row.get("status", "")), row.get("voided") == "T"
        is_draft = thing is Thing.DOCUMENT and row["type"] == "CustInvc" and status in _DRAFTS
        is_bounced = thing is Thing.PAYMENT and status in _BOUNCED
        total = abs(Decimal(str(row.get("foreigntotal", 0))))
        alike = (row["type"], row["entity"], row["day"], row.get("memo", ""))
        named = self._named(row)
        if thing is Thing.PAYMENT:  # every payment is mirrored; of deposits, those that we took
            named |= {"reference": str(row["id"]), "is_ours": named["is_ours"] or row["type"] == "CustPymt"}
        return Listed(
            **named,
            kind=_KINDS[row["type"]],
            amount=total,
            currency=currency,
            state="void" if is_void else "draft" if is_draft else "bounced" if is_bounced else "",
            counts=not (is_void or is_draft or is_bounced),
            content=likeness(alike, [total]),
        )

    def _journal(self, row: Json, currency: str) -> Listed:
        named = self._named(row) | {"reference": str(row["id"])}
        total = Decimal(str(row.get("debit", 0)))
        return Listed(**named, kind="journal", amount=total, currency=currency, roundings=int(row["lines"]))

    def _named(self, row: Json) -> dict[str, Any]:
        """What every dated record says of itself; made by us if its memo begins as ours do."""
        changed = datetime.fromisoformat(row["changed"]).replace(tzinfo=self._zone) if row.get("changed") else None
        is_ours = str(row.get("memo", "")).startswith(OURS)
        return {
            "target_id": str(row["id"]),
            "reference": reference_of(str(row.get("externalid", ""))) if is_ours else "",
            "day": date.fromisoformat(row["day"]),
            "is_ours": is_ours,
            "changed_at": changed,
        }


def _query(thing: Thing, subsidiary: str, which: str) -> str:
    """The records of that subsidiary that meet a condition."""
    types = "'CustInvc', 'CustCred'" if thing is Thing.DOCUMENT else "'CustPymt', 'CustDep'"
    return _QUERIES[thing].format(types=types, subsidiary=int(subsidiary), which=which)


def _named_so(thing: Thing, sought: Sequence[Sought]) -> str:
    """The condition for records sought: by internal id, or by the external id that we gave."""
    of = "c." if thing is Thing.CHARGE else "t." if thing in _DATED else ""
    numbers = [str(int(one.target_id)) for one in sought if one.target_id.isdigit()]
    named = [literal(external_id(one.reference)) for one in sought] if thing in _NAMED_BY_US else []
    lists = [f"{of}{field} IN ({', '.join(held)})" for field, held in (("id", numbers), ("externalid", named)) if held]
    return f"({' OR '.join(lists) or _NONE})"


def _between(field: str, days: Period) -> str:
    first, last = (f"TO_DATE({literal(day.isoformat())}, 'YYYY-MM-DD')" for day in (days.start, days.last))
    return f"{field} >= {first} AND {field} <= {last}"


def _together(counted: Sequence[tuple[date, int]]) -> list[Period]:
    stretches: list[Period] = []
    size = 0
    for day, count in counted:
        if stretches and size + count <= _MOST_AT_ONCE:
            stretches[-1] = Period.through(stretches[-1].start, day)
            size += count
        else:
            stretches.append(Period.through(day, day))
            size = count
    return stretches
