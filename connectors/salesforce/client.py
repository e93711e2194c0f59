"""Salesforce as a CRM and as CPQ: satisfies the ports Crm, Quotes, ChangeFeed and Listing."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from canonical.errors import Conflict, Misconfigured, NotFound, Rejected
from canonical.event import InboundEvent
from canonical.party import Customer
from canonical.period import Period
from canonical.quote import Deal, Quote
from canonical.reconciliation import Listed, Sought, Thing
from canonical.written import Declaration, Written
from connectors.http import Json
from connectors.salesforce import accounts, changes, listing, mapping, schemas, soql
from connectors.salesforce.accounts import Accounts
from connectors.salesforce.org import Org
from connectors.salesforce.schemas import AccountRow, DealRow, LineRow, NoteRow, QuoteRow, Row
from connectors.salesforce.settings import Settings

_CURRENCY = "CurrencyIsoCode"


class Salesforce:
    """One org."""

    listings = frozenset({Thing.CONTRACT})

    def __init__(self, system: str, settings: Settings) -> None:
        self.name, self._settings = system, settings
        self._org = Org(system, settings)
        self.lists_lag = settings.timing.visibility_delay or timedelta(0)  # a query sees what is committed
        self._deal_names = settings.deal_fields.model_dump(
            include={"contract", "entity", "region", "service_line", "bill_to", "purchase_orders"}
        )
        self._account_names = settings.account_fields.model_dump(
            include={"legal_name", "tax_number", "entity", "order_per_workstream"}
        )
        self._accounts = Accounts(self._org, settings)
        self._line_names = settings.line_fields.model_dump()

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._org.aclose()

    def declares(self, kind: str) -> Declaration:
        """Telling a deal about its handoff, and an account what it owes, each as a note with our key. None is taken back."""
        if kind not in {"write_back", "exposure"}:
            raise Misconfigured(f"{self.name} writes no {kind!r}", remedy="Route it to another system in policies/landscape.")
        declared = Declaration(
            kind=kind,
            searchable_key=f"Task.{self._settings.note_key}",
            visibility_delay=timedelta(seconds=5),
            upstream_timeout=timedelta(minutes=10),  # after which Salesforce itself ends a request
        )
        return self._settings.timing.applied(declared)

    async def check(self) -> str:
        """Reads every object and field we need, and sees that no two notes can bear one key (so that nothing is told twice)."""
        nothing = "Id = null"
        selections = (
            (self._fields(DealRow, self._deal_names), "Opportunity"),
            (self._fields(AccountRow, self._account_names), "Account"),
            (self._fields(QuoteRow, {}), "SBQQ__Quote__c"),
            (self._fields(LineRow, self._line_names), "SBQQ__QuoteLine__c"),
            (("Id", "WhatId", self._settings.note_key), "Task"),
        )
        await self._org.queries(*(soql.select(fields, name, nothing) for fields, name in selections))
        await self._require_unique_key()
        return f"{await self._org.address()}, API {self._settings.api_version}, calls used today: {self._org.usage or 'not told'}"

    # Crm

    async def find_deal(self, contract: str) -> Deal | None:
        """The deal that carries the contract's reference."""
        field = self._settings.deal_fields.contract
        rows = await self._deals(f"{field} = {soql.quoted(contract)}")
        exact = [row for row in rows if row.contract == contract]  # theirs compares without regard to capitals
        if len(exact) > 1:
            raise Rejected(
                f"{len(exact)} deals carry the contract reference {contract}",
                remedy=f"Leave {field} on one of them, then settle the exception with retry.",
                evidence={"deals": [row.id for row in exact]},
            )
        return self._deal(exact[0]) if exact else None

    async def read_deal(self, deal_id: str) -> Deal:
        """One deal by Salesforce's id."""
        rows = await self._deals(f"Id = {soql.quoted(soql.record_id(self.name, deal_id))}")
        if not rows:
            raise NotFound(f"{self.name} has no deal {deal_id}", remedy="Look in the recycle bin of the org, or correct the id.")
        return self._deal(rows[0])

    async def read_account(self, account_id: str) -> Customer:
        """One account as a customer."""
        where = f"Id = {soql.quoted(soql.record_id(self.name, account_id))}"
        rows = await self._org.query(soql.select(self._fields(AccountRow, self._account_names), "Account", where))
        if not rows:
            raise NotFound(
                f"{self.name} has no account {account_id}", remedy="Look in the org's recycle bin, or correct the deal."
            )
        row = schemas.read(self.name, AccountRow, rows[0], self._account_names)
        return mapping.to_customer(row, only_currency=self._settings.currency)

    async def write_back(self, update: mapping.Update, *, key: str) -> Written:
        """Note, status and ids in one transaction; the note's unique key makes a second attempt fail as a whole."""
        soql.record_id(self.name, update.deal_id)
        try:
            bodies = await self._org.composite(await self._writes(update, key), all_or_none=True)
        except Conflict:
            found = await self.find_write_back(update, key=key)
            if found is None:
                raise
            return found
        return await self._written(bodies[0]["id"], update.deal_id)

    async def find_write_back(self, update: mapping.Update, *, key: str) -> Written | None:
        """The note of that key. Archived ones too: after a year Salesforce hides closed activities from plain queries."""
        field = self._settings.note_key
        text = soql.select(("Id", "WhatId", "IsDeleted", field), "Task", f"{field} = {soql.quoted(key)}")
        rows = [schemas.read(self.name, NoteRow, row) for row in await self._org.query(text, with_archived=True)]
        standing = [row for row in rows if not row.is_deleted]
        return await self._written(standing[0].id, update.deal_id) if standing else None

    async def knows_account(self, customer: str) -> bool:
        return await self._accounts.knows(customer)

    async def tell_account(self, standing: accounts.Standing, *, key: str) -> Written:
        """What the customer owes, onto its account and its deals, with a note that carries our key."""
        return await self._accounts.tell(standing, key=key)

    async def find_account_note(self, standing: accounts.Standing, *, key: str) -> Written | None:
        """The note of that key, on the account."""
        return await self._accounts.find_note(key=key)

    # Quotes

    async def read_quote(self, quote_id: str) -> Quote:
        """The quote with its lines. Lines are read before the head, so that a head that says 'calculated' speaks for them."""
        identifier = soql.quoted(soql.record_id(self.name, quote_id))
        lines_query = soql.select(
            self._fields(LineRow, self._line_names),
            "SBQQ__QuoteLine__c",
            f"SBQQ__Quote__c = {identifier}",
            order="SBQQ__Number__c, Id",
        )
        head_query = soql.select(self._fields(QuoteRow, {}), "SBQQ__Quote__c", f"Id = {identifier}")
        lines, heads = await self._org.queries(lines_query, head_query)
        if not heads:
            raise NotFound(f"{self.name} has no quote {quote_id}", remedy="Make another quote the deal's primary one.")
        head = schemas.read(self.name, QuoteRow, heads[0])
        rows = [schemas.read(self.name, LineRow, line, self._line_names) for line in lines]
        return mapping.to_quote(head, rows, only_currency=self._settings.currency)

    # ChangeFeed

    def changes(self, since: datetime, until: datetime) -> AsyncIterator[InboundEvent]:
        """Deals and contract records changed in the window."""
        return changes.changes(self._org, self._settings, since, until)

    # Listing

    def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """Deals that bear a contract's reference, for reconciliation."""
        return listing.listed(self._org, thing, self._settings.deal_fields.contract, self._deals_listed)

    def listed_again(self, thing: Thing, sought: Sequence[Sought], *, entity: str) -> AsyncIterator[Sequence[Listed]]:
        """The deals of these contracts."""
        return listing.listed_again(self._org, thing, self._settings.deal_fields.contract, self._deals_listed, sought)

    async def _deals_listed(self, where: str) -> AsyncIterator[Sequence[Deal]]:
        text = soql.select(self._fields(DealRow, self._deal_names), "Opportunity", where, order="Id")
        async for page in self._org.pages(text):
            yield [self._deal(schemas.read(self.name, DealRow, row, self._deal_names)) for row in page]

    # Inside.

    async def _deals(self, where: str) -> list[DealRow]:
        rows = await self._org.query(soql.select(self._fields(DealRow, self._deal_names), "Opportunity", where))
        return [schemas.read(self.name, DealRow, row, self._deal_names) for row in rows]

    def _deal(self, row: DealRow) -> Deal:
        return mapping.to_deal(row, only_currency=self._settings.currency)

    async def _writes(self, update: mapping.Update, key: str) -> list[Json]:
        settings, objects = self._settings, f"{self._org.path}/sobjects"
        note = mapping.to_note(update, key=key, key_field=settings.note_key)
        told = mapping.to_deal_update(update, key=key, fields=settings.deal_fields)
        writes: list[Json] = [
            {"method": "POST", "url": f"{objects}/Task", "referenceId": "note", "body": note},
            {"method": "PATCH", "url": f"{objects}/Opportunity/{update.deal_id}", "referenceId": "deal", "body": told},
        ]
        if update.customer_id:
            deal = await self.read_deal(update.deal_id)
            payer = deal.bill_to_account_id or deal.account_id
            body = {settings.account_fields.erp_customer_id: update.customer_id}
            writes.append({"method": "PATCH", "url": f"{objects}/Account/{payer}", "referenceId": "payer", "body": body})
        return writes

    async def _require_unique_key(self) -> None:
        fields = await self._org.described("Task")
        if not fields.get(self._settings.note_key, {}).get("unique"):
            raise Misconfigured(
                f"{self.name} would take two notes with one {self._settings.note_key}",
                remedy="Make that field of Activity unique and an External ID, or name another note_key in policies/landscape.",
            )

    async def _written(self, note_id: str, deal_id: str) -> Written:
        url = f"{await self._org.address()}/lightning/r/Opportunity/{deal_id}/view"
        return Written(target_id=note_id, url=url, details={"deal": deal_id})

    def _fields(self, schema: type[Row], names: dict[str, str]) -> list[str]:
        """What a query must ask for to fill a schema: its aliases, and the org's names of custom fields."""
        left_out = {_CURRENCY} if self._settings.currency else set()
        left_out |= set() if self._settings.has_country_codes else {"BillingCountryCode"}
        paths = (_path(field.validation_alias) for field in schema.model_fields.values() if field.validation_alias)
        return [*(path for path in paths if path not in left_out), *names.values()]


def _path(alias: object) -> str:
    path = getattr(alias, "path", None)
    return ".".join(map(str, path)) if path else str(alias)


def connect(system: str, settings: Settings) -> Salesforce:
    """The connector for one org."""
    return Salesforce(system, settings)
