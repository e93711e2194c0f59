"""The world of the NetSuite connector's tests: an account, and one valid default of everything we write to it."""

import contextlib
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from canonical.billing_schedule import BillingRule, BillingSchedule, BillingTrigger, ScheduledItem
from canonical.contract import RateTerm
from canonical.money import Money
from canonical.party import Address, Customer, TaxRegistration
from canonical.period import Period
from canonical.project import BillingTerm, Dimensions, Phase, Project, Task
from canonical.quote import BillingKind
from connectors.netsuite.client import connect
from connectors.netsuite.settings import Settings, TokenCredentials
from sandbox.netsuite import VENDOR
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench

ACCOUNT = "TSTDRV4242_SB1"
TERM = Period.through(date(2026, 7, 1), date(2026, 12, 31))
DIMENSIONS = {f"custentity_handoff_{name}": "text" for name in ("practice", "region", "revenue_treatment", "cost_center")}
WORLD: dict[str, Any] = {
    "account": {
        "id": ACCOUNT,
        "tba": [{"consumer_key": "ck", "consumer_secret": "cs", "token_id": "ti", "token_secret": "ts"}],
        "custom_fields": {"job": DIMENSIONS},
    },
    "currency": {"1": {"name": "US Dollar", "symbol": "USD"}, "2": {"name": "Pound", "symbol": "GBP"}},
    "subsidiary": {
        "1": {"externalId": "US01", "name": "US01", "currency": {"id": "1"}},
        "2": {"externalId": "UK01", "name": "UK01", "currency": {"id": "2"}},
    },
}


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def a_customer(reference: str = "CUST-100", **fields: Any) -> Customer:
    address = Address(line1="1 Quay", city="Boston", region="MA", postal_code="02110", country="US")
    given = {
        "legal_name": "Harbor Retail Group, Inc.",
        "currency": "USD",
        "entity": "US01",
        "addresses": (address,),
        "tax_registrations": (TaxRegistration(country="US", number="12-3456789"),),
        "credit_limit": usd("250000.10"),
    }
    return Customer(reference=reference, **{**given, **fields})


def phases(count: int = 2, tasks: int = 2) -> tuple[Phase, ...]:
    def one(n: int) -> Phase:
        made = (
            Task(reference=f"P{n}.T{t}", title=f"Task {n}.{t}", role="Consultant", hours=Decimal("12.5")) for t in range(tasks)
        )
        return Phase(reference=f"P{n}", title=f"Phase {n}", line="L1", period=TERM, tasks=tuple(made))

    return tuple(one(n) for n in range(1, count + 1))


def a_project(reference: str = "C-100", **fields: Any) -> Project:
    given = {
        "title": "Rollout",
        "entity": "US01",
        "customer": "CUST-100",
        "currency": "USD",
        "period": TERM,
        "value": usd("100000.30"),
        "phases": phases(),
        "billing": (BillingTerm(line="L1", kind=BillingKind.FIXED_FEE, amount=usd("100000.30")),),
        "dimensions": Dimensions(practice="Advisory", region="East", revenue_treatment="over_time", cost_center="CC-1"),
    }
    return Project(reference=reference, **{**given, **fields})


def a_schedule(reference: str = "C-100", **fields: Any) -> BillingSchedule:
    items = (
        ScheduledItem(reference="M1", line="L1", title="Design", trigger=BillingTrigger.ON_ACCEPTANCE, amount=usd("40000.10")),
        ScheduledItem(
            reference="M2",
            line="L1",
            title="Go-live",
            trigger=BillingTrigger.ON_DATE,
            amount=usd("60000.20"),
            on=date(2026, 12, 1),
        ),
    )
    rate = RateTerm(role="Consultant", rate=usd("180"), hours=Decimal(100))
    rules = (BillingRule(reference="R1", line="L2", kind=BillingKind.TIME_AND_MATERIALS, rates=(rate,)),)
    given: dict[str, Any] = {
        "project": "C-100",
        "customer": "CUST-100",
        "entity": "US01",
        "currency": "USD",
        "items": items,
        "rules": rules,
    }
    return BillingSchedule(reference=reference, **{**given, **fields})


def a_vendor() -> SimulatedVendor:
    """The simulated account."""
    made = VENDOR()
    made.seed(WORLD)
    return made


def settings(url: str, **fields: Any) -> Settings:
    credentials = TokenCredentials(
        consumer_key="ck",
        consumer_secret=SecretStr("cs"),
        token_id="ti",
        token_secret=SecretStr(fields.pop("token_secret", "ts")),
    )
    given = {"credentials": credentials, "subsidiaries": {"US01": "1", "UK01": "2"}}
    return Settings(base_url=url, account=ACCOUNT, **{**given, **fields})


def held(state: dict[str, Any], kind: str, **fields: Any) -> list[dict[str, Any]]:
    records = state["records"].get(kind, {}).values()
    return [record for record in records if all(record.get(name) == value for name, value in fields.items())]


async def a_customer_id(connector: Any) -> str:
    """The customer's id there, made if it is not."""
    found = await connector.find_customer("CUST-1", key="create_customer/CUST-1")
    made = found or await connector.create_customer(a_customer("CUST-1"), key="create_customer/CUST-1")
    return str(made.target_id)


async def a_project_id(connector: Any) -> str:
    """A project without phases."""
    customer_id, project = await a_customer_id(connector), a_project("C-1", phases=())
    found = await connector.find_project("C-1", key="create_project/C-1")
    return str((found or await connector.create_project(project, customer_id, key="create_project/C-1")).target_id)


@contextlib.asynccontextmanager
async def a_bench(vendor: SimulatedVendor, url: str) -> AsyncIterator[Bench]:
    """A new connector at an account that holds nothing but the world."""
    vendor.reset()
    vendor.seed(WORLD)
    connector = connect("erp", settings(url))
    yield Bench(connector, vendor, url)
    await connector.aclose()


def calls(bench: Bench, part: str, method: str | None = None) -> list[dict[str, Any]]:
    return [call for call in bench.vendor.calls if part in call["path"] and method in (None, call["method"])]
