"""What an account calls our currencies, legal entities, accounts and items; each list is read once and kept."""

import asyncio

from canonical.errors import Misconfigured, Rejected
from connectors.netsuite.account import Account, literal

_CURRENCIES = "SELECT id, symbol FROM currency WHERE isinactive = 'F'"
_BOOKS = "SELECT id, currency FROM subsidiary"
_ACCOUNTS = "SELECT id, acctnumber FROM account WHERE isinactive = 'F'"


class Directory:
    """Internal ids for our words, and back."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._kept: dict[str, dict[str, str]] = {}
        self._lock = asyncio.Lock()

    @property
    def entities(self) -> dict[str, str]:
        """Our legal entity by subsidiary id."""
        return {subsidiary: entity for entity, subsidiary in self._account.settings.subsidiaries.items()}

    def subsidiary(self, entity: str) -> str:
        """The subsidiary that stands for a legal entity."""
        known = self._account.settings.subsidiaries
        if entity not in known:
            raise Misconfigured(
                f"{self._account.system} has no subsidiary for the legal entity '{entity}'",
                remedy=f"Add {entity} with its internal id to 'subsidiaries' of {self._account.system} in policies/landscape.",
                evidence={"entity": entity, "known": ", ".join(sorted(known))},
            )
        return known[entity]

    async def currencies(self) -> dict[str, str]:
        """ISO code by internal id."""
        return await self._once(_CURRENCIES, "symbol")

    async def currency(self, code: str) -> str:
        """The internal id of a currency."""
        for internal, symbol in (await self.currencies()).items():
            if symbol == code:
                return internal
        remedy = f"Make the currency {code} active in NetSuite (Lists > Accounting > Currencies), then retry."
        raise Rejected(f"{self._account.system} has no currency {code}", remedy=remedy, evidence={"currency": code})

    async def code_of(self, currency: str) -> str:
        """The ISO code of a currency's internal id."""
        codes = await self.currencies()
        if currency not in codes:
            remedy = "Make the currency active in NetSuite (Lists > Accounting > Currencies), then retry."
            raise Rejected(f"{self._account.system} has a document in a currency that is not active", remedy=remedy)
        return codes[currency]

    async def books_of(self, subsidiary: str) -> str:
        """The ISO code of the currency that a subsidiary keeps its books in."""
        return await self.code_of((await self._once(_BOOKS, "currency"))[subsidiary])

    async def account(self, number: str) -> str:
        """The internal id of an account of the firm's chart."""
        for internal, held in (await self._once(_ACCOUNTS, "acctnumber")).items():
            if held == number:
                return internal
        remedy = f"Give an active account the number {number} (Lists > Accounting > Accounts), then retry."
        raise Rejected(f"{self._account.system} has no account {number}", remedy=remedy, evidence={"account": number})

    async def item(self, name: str) -> str:
        """The internal id of an item of the settings, empty where there is no such item."""
        if not name.startswith("eid:"):
            return name
        found = await self._once(f"SELECT id, externalid FROM item WHERE externalid = {literal(name[4:])}", "externalid")
        return next(iter(found), "")

    async def _once(self, query: str, column: str) -> dict[str, str]:
        """A column by internal id; what was empty is asked for again."""
        async with self._lock:
            if not self._kept.get(query):
                rows = [row async for row in self._account.query(query)]
                self._kept[query] = {str(row["id"]): str(row[column]) for row in rows if column in row}
            return self._kept[query]
