"""A firm with time and expenses on Kantata: its world, and how tests write, approve and read them."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx2 as httpx

from canonical.time_entry import ExpenseItem, Recorded, TimeEntry
from connectors.kantata.client import connect
from sandbox.kantata.vendor import Kantata as Account
from sandbox.serve import serving
from tests.connectors.contract import Bench
from tests.connectors.kantata_firm import settings

Told = TypeVar("Told", bound=Recorded)
HOURS: dict[str, Any] = {
    "roles": {"11": {"name": "Senior Consultant"}, "12": {"name": "Architect"}},
    "users": {
        "2": {"full_name": "Rhea Staff", "email_address": "rhea@firm.example"},
        "3": {"full_name": "Otto Approver", "email_address": "otto@firm.example"},
        "4": {"full_name": "No Address"},
    },
    "tokens": {"otto": {"user_id": "3", "permission": "administrator"}},
    "workspaces": {
        "51": {"title": "Data platform", "price": 10, "currency": "EUR"},
        "52": {"title": "Nobody's", "price": 10, "currency": "JPY"},
        "53": {"title": "Free", "price": 10, "require_time_approvals": False, "require_expense_approvals": False},
    },
    "stories": {"61": {"workspace_id": "51", "title": "Workshops"}, "62": {"workspace_id": "52", "title": "Other"}},
    "workspace_resources": {"91": {"workspace_id": "51", "user_id": "2", "role_id": "12"}},
    "external_references": {
        "71": {
            "subject_type": "Workspace",
            "subject_id": "51",
            "service_name": "Handoff",
            "service_model": "Project",
            "service_model_ref": "C-100",
        },
        "72": {
            "subject_type": "Story",
            "subject_id": "61",
            "service_name": "Handoff",
            "service_model": "Task",
            "service_model_ref": "C-100.L1.P1.T1",
        },
    },
    "attachments": {"81": {"filename": "taxi.pdf", "url": "https://cdn.example/taxi.pdf"}},
    "vendors": {"85": {"name": "Sub Ltd"}},
}


class Office:
    """The account as its people use it, over its own API."""

    def __init__(self, bench: Bench, http: httpx.AsyncClient) -> None:
        self.bench, self._http = bench, http

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self._http.request(method, f"/api/v1/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    async def entry(self, **more: Any) -> str:
        body = {"workspace_id": 51, "story_id": 61, "date_performed": "2026-04-30", "time_in_minutes": 90, "user_id": 2, **more}
        return await self._made("time_entries", "time_entry", body)

    async def expense(self, **more: Any) -> str:
        body = {"workspace_id": 51, "date": "2026-04-30", "category": "Travel", "amount_in_cents": 12_345, "user_id": 2, **more}
        return await self._made("expenses", "expense", body)

    async def submit(self, *numbers: str, plural: str = "timesheet_submissions", project: int = 51) -> str:
        body = {"workspace_id": project, "title": "April", "line_item_ids": [int(n) for n in numbers], "user_id": 2}
        return await self._made(plural, plural.removesuffix("s"), body)

    async def decide(self, action: str, submission: str, plural: str = "timesheet_submissions") -> None:
        await self.call("PUT", f"{plural}/{submission}/{action}", {"resolution": {"description": ""}})

    async def change(self, number: str, plural: str = "time_entries", **fields: Any) -> None:
        singular = "time_entry" if plural == "time_entries" else "expense"
        await self.call("PUT", f"{plural}/{number}", {singular: fields})

    async def at(self, offset: float) -> datetime:
        """Move the account's clock; says what time it is there now."""
        answer = await self._http.put("/_sandbox/clock", json={"offset_seconds": offset})
        return datetime.fromisoformat(answer.json()["now"])

    async def seed(self, world: dict[str, Any]) -> None:
        (await self._http.post("/_sandbox/seed", json=world, timeout=300)).raise_for_status()

    async def _made(self, plural: str, singular: str, body: dict[str, Any]) -> str:
        return str((await self.call("POST", plural, {singular: body}))["results"][0]["id"])


@asynccontextmanager
async def an_office(**more: Any) -> AsyncIterator[Office]:
    """The connector joined to an account with hours; a second of throttling is a hundredth."""
    account = Account()
    account.seed(HOURS)
    async with serving(account) as server:
        connector = connect("kantata", settings(server.url, throttle_pause=timedelta(seconds=0.01), **more))
        headers = {"Authorization": "Bearer otto"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
            yield Office(Bench(connector, account, server.url), http)
        await connector.aclose()


def an_hour_from(moment: datetime) -> tuple[datetime, datetime]:
    """A window around a moment that has ended a second after it."""
    return moment - timedelta(hours=1), moment


async def entries(office: Office, since: datetime, until: datetime) -> dict[str, TimeEntry]:
    """The entries of a window by id; a later telling replaces an earlier one."""
    pages = [page async for page in office.bench.connector.time_entries(since, until)]
    return newest([entry for page in pages for entry in page])


async def expenses(office: Office, since: datetime, until: datetime) -> dict[str, ExpenseItem]:
    """The same of expenses."""
    pages = [page async for page in office.bench.connector.expenses(since, until)]
    return newest([item for page in pages for item in page])


def newest(told: list[Told]) -> dict[str, Told]:
    """By id, the highest version of each."""
    return {item.source_id: item for item in sorted(told, key=lambda item: item.source_version)}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Meddler:
    """People who change, delete, submit and decide while their account is read."""

    def __init__(self, office: Office, seed: int, numbers: list[str]) -> None:
        self._office, self._chance, self.numbers = office, random.Random(seed), numbers
        self._sheets: list[str] = []

    async def meddle(self, times: int) -> None:
        for _ in range(times):
            await self._chance.choice([self._change, self._delete, self._submit, self._decide, self._create, self._change])()

    async def _change(self) -> None:
        await self._try("PUT", f"time_entries/{self._any()}", {"time_entry": {"time_in_minutes": self._chance.randrange(600)}})

    async def _delete(self) -> None:
        await self._try("DELETE", f"time_entries/{self._any()}")

    async def _submit(self) -> None:
        number = self._any()
        entry = self._office.bench.vendor.state["time_entries"].get(number, {"workspace_id": "51"})
        body = {"workspace_id": int(entry["workspace_id"]), "title": "T", "line_item_ids": [int(number)]}
        made = await self._try("POST", "timesheet_submissions", {"timesheet_submission": body})
        self._sheets += [result["id"] for result in made.get("results", [])]

    async def _decide(self) -> None:
        known = [*self._sheets, *list(self._office.bench.vendor.state["timesheet_submissions"])[:200]]
        action = self._chance.choice(["approve", "reject", "cancel"])
        await self._try("PUT", f"timesheet_submissions/{self._chance.choice(known)}/{action}", {})

    async def _create(self) -> None:
        self.numbers.append(await self._office.entry())

    def _any(self) -> str:
        return self._chance.choice(self.numbers)

    async def _try(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Some of it is refused, as it is for people."""
        try:
            return await self._office.call(method, path, body)
        except AssertionError:
            return {}
