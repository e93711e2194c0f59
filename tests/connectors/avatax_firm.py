"""A firm taxed by a simulated AvaTax: its settings, its questions, and the bench that joins connector and account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from canonical.money import Money
from canonical.party import Address
from canonical.tax import TaxLine, TaxQuestion
from connectors.avatax.client import connect
from connectors.avatax.settings import Settings
from sandbox.avatax.vendor import AvaTax as Account
from sandbox.serve import serving
from tests.connectors.contract import Bench
from tests.sandbox.avatax_world import ACCOUNT, KEY, US, a_world, texan_nexus

RECORD = "tax_document/INV-1"
AUSTIN = Address(line1="500 W 2nd St", city="Austin", region="TX", postal_code="78701", country="US")
SEATTLE = Address(line1="1100 2nd Ave", city="Seattle", region="WA", postal_code="98101", country="US")
BERLIN = Address(line1="Torstr. 1", city="Berlin", postal_code="10119", country="DE")


def settings(url: str, **fields: Any) -> Settings:
    given = {"account": ACCOUNT, "licence_key": KEY, "companies": {"US01": "US01"}}
    return Settings.model_validate({"base_url": url, **given, **fields})


def a_question(*amounts: str, **fields: Any) -> TaxQuestion:
    """What tax 20,000 of consulting bear that US01 bills to a customer in Austin."""
    currency = fields.get("currency", "USD")
    lines = tuple(
        TaxLine(number=number, amount=Money.of(amount, currency), tax_code="P0000000", description="Consulting")
        for number, amount in enumerate(amounts or ("20000",), 1)
    )
    given: dict[str, Any] = {
        "reference": "INV-1",
        "entity": "US01",
        "customer": "CUST-1",
        "currency": currency,
        "tax_date": date(2026, 7, 31),
        "ship_from": SEATTLE,
        "ship_to": AUSTIN,
        "lines": lines,
    }
    return TaxQuestion(**given | fields)


def current(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The revisions that count."""
    return [record for record in state["transactions"].values() if record["status"] != "Adjusted"]


def register(vendor: Account) -> None:
    """US01 is registered in Texas from now on."""
    vendor.seed({"nexus": {"510": {"companyId": US, **texan_nexus()}}})


def an_account() -> Account:
    """The small world; US01 is not registered in Texas."""
    account = Account()
    account.seed(a_world())
    return account


@asynccontextmanager
async def joined(account: Account, **fields: Any) -> AsyncIterator[Bench]:
    """A connector with these settings, joined to the account over a socket."""
    async with serving(account) as server:
        connector = connect("avatax", settings(server.url, **fields))
        try:
            yield Bench(connector, account, server.url)
        finally:
            await connector.aclose()
