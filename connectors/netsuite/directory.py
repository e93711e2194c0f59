"""What an account calls our currencies and legal entities; currencies are read once and kept."""

import asyncio

from canonical.errors import Misconfigured, Rejected
from connectors.netsuite.account import Account


class Directory:
    """Internal ids for our words, and back."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._currencies: dict[str, str] | None = None
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
        async with self._lock:
            if self._currencies is None:
                rows = [row async for row in self._account.query("SELECT id, symbol FROM currency WHERE isinactive = 'F'")]
                self._currencies = {str(row["id"]): str(row["symbol"]) for row in rows}
            return self._currencies

    async def currency(self, code: str) -> str:
        """The internal id of a currency."""
        for internal, symbol in (await self.currencies()).items():
            if symbol == code:
                return internal
        remedy = f"Make the currency {code} active in NetSuite (Lists > Accounting > Currencies), then retry."
        raise Rejected(f"{self._account.system} has no currency {code}", remedy=remedy, evidence={"currency": code})
