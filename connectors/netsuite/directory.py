"""What an account calls our currencies, legal entities, accounts and items; each list is read once and kept."""

import asyncio

from canonical.errors import Misconfigured, Rejected
from connectors.netsuite.account import Account, literal

_CURRENCIES = "SELECT id, symbol FROM currency WHERE isinactive = 'F'"
_EVERY_CURRENCY = "SELECT id, symbol FROM currency"
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
        return await self._list(_CURRENCIES, "symbol")

    async def currency(self, code: str) -> str:
        """The internal id of a currency."""
        found = await self._id_of(_CURRENCIES, "symbol", code)
        if found is None:
            remedy = f"Make the currency {code} active in NetSuite (Lists > Accounting > Currencies), then retry."
            raise Rejected(f"{self._account.system} has no currency {code}", remedy=remedy, evidence={"currency": code})
        return found

    async def code_of(self, currency: str) -> str:
        """The ISO code of what a document is in, which may be a currency that is not active any more."""
        known = await self._list(_EVERY_CURRENCY, "symbol")
        return known[currency] if currency in known else (await self._list(_EVERY_CURRENCY, "symbol", again=True))[currency]

    async def books_of(self, subsidiary: str) -> str:
        """The ISO code of the currency that a subsidiary keeps its books in."""
        return await self.code_of((await self._list(_BOOKS, "currency"))[subsidiary])

    async def account(self, number: str) -> str:
        """The internal id of an account of the firm's chart."""
        found = await self._id_of(_ACCOUNTS, "acctnumber", number)
        if found is None:
            remedy = f"Give an active account the number {number} (Lists > Accounting > Accounts), then retry."
            raise Rejected(f"{self._account.system} has no account {number}", remedy=remedy, evidence={"account": number})
        return found

    async def item(self, name: str) -> str | None:
        """The internal id of an item of the settings, if there is such an item."""
        if not name.startswith("eid:"):
            return name
        external = name.removeprefix("eid:")
        return await self._id_of(
            f"SELECT id, externalid FROM item WHERE externalid = {literal(external)}", "externalid", external
        )

    async def _id_of(self, query: str, column: str, wanted: str) -> str | None:
        """What is not on the list is asked for again: a person may have added it since."""
        for again in (False, True):
            for internal, held in (await self._list(query, column, again=again)).items():
                if held == wanted:
                    return internal
        return None

    async def _list(self, query: str, column: str, *, again: bool = False) -> dict[str, str]:
        """A column by internal id."""
        async with self._lock:
            if again or query not in self._kept:
                rows = [row async for row in self._account.query(query)]
                self._kept[query] = {str(row["id"]): str(row[column]) for row in rows if column in row}
            return self._kept[query]
