"""The simulated Workday of the connector's tests: two transactions of S10, and how it is asked."""

from datetime import date, datetime
from typing import Any

from canonical.person import Person
from connectors.workday.client import Workday
from connectors.workday.settings import Settings
from tests.connectors.contract import Bench

AS_OF = date(2026, 6, 3)
SERVICE = "/ccx/service"
CLIENT = {
    "kind": "api_client",
    "client_id": "workday-client",
    "client_secret": "sandbox",
    "refresh_token": "workday-refresh",
}
HIRED = {
    "type": "Hire Employee",
    "effective": "2024-01-08",
    "company": "UK01",
    "cost_center": "CC-100",
    "job_profile": "Senior Consultant",
    "hourly": "62",
    "currency": "GBP",
}
MOVED = {
    "type": "Transfer Employee",
    "effective": "2026-05-16",
    "entered": "2026-04-20T10:00:00+00:00",
    "company": "DE01",
    "hourly": "78",
    "currency": "EUR",
}


def worker(*transactions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "Priya Shah", "email": "priya@firm.example", "transactions": list(transactions), **more}


def settings(url: str, **changes: Any) -> Settings:
    return Settings.model_validate({"base_url": url, "tenant": "firm", "credentials": CLIENT} | changes)


async def everybody(connector: Workday, since: datetime | None = None, as_of: date = AS_OF) -> dict[str, Person]:
    return {person.reference: person async for page in connector.people(since, as_of) for person in page}


def seed(bench: Bench, **workers: dict[str, Any]) -> None:
    bench.vendor.seed({"workers": workers})


def asked(bench: Bench) -> int:
    return sum(SERVICE in call["path"] for call in bench.vendor.calls)
