"""The bare side of the billing bench: ``python -m bench.bare_month SCRIPT``; moves the same pages, posts the same batches.

A loop without a ledger, a rule or a retry: it reads the pages that the connector read, makes a charge of each entry, posts a
hundred at a time as NetSuite's collections, waits for each job, and posts an invoice a project.
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
from pydantic import BaseModel

from connectors.netsuite.settings import TokenCredentials
from connectors.netsuite.signing import SignedRequests

_SIZE = 100
_RECORDS = "/services/rest/record/v1"
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 0.5


class MonthScript(BaseModel):
    """What the loop is told: addresses, logins, the pages in the order they were read, and each workspace's job and customer."""

    kantata: str
    kantata_token: str
    netsuite: str
    account: str
    credentials: dict[str, str]
    pages: list[str]
    at_once: int
    jobs: dict[str, tuple[str, str]]
    rate: str


class BareMonth(BaseModel):
    """What it came to; ``processor`` are the seconds that this process worked."""

    seconds: float
    processor: float
    entries: int
    batches: int
    invoices: int
    peak_megabytes: float


class _Loop:
    def __init__(self, script: MonthScript, kantata: httpx.AsyncClient, netsuite: httpx.AsyncClient) -> None:
        self._script, self._kantata, self._netsuite = script, kantata, netsuite
        self._seen: set[str] = set()
        self._waiting: list[dict[str, Any]] = []
        self._queue: asyncio.Queue[list[dict[str, Any]] | None] = asyncio.Queue(script.at_once)
        self._hours = defaultdict[str, int](int)
        self.batches = 0

    @property
    def entries(self) -> int:
        """How many came."""
        return len(self._seen)

    async def run(self) -> int:
        """Pages and batches side by side, then the invoices."""
        pages = iter(self._script.pages)
        async with asyncio.TaskGroup() as posting:
            for _ in range(self._script.at_once):
                posting.create_task(self._post())
            async with asyncio.TaskGroup() as reading:
                for _ in range(self._script.at_once):
                    reading.create_task(self._read(pages))
            if self._waiting:
                await self._queue.put(self._waiting)
            for _ in range(self._script.at_once):
                await self._queue.put(None)
        return await self._invoices()

    async def _read(self, pages: Any) -> None:
        for path in pages:
            answer = await self._kantata.get(path)
            answer.raise_for_status()
            page = answer.json()
            for record in (page.get("time_entries") or {}).values():
                if record["id"] not in self._seen:
                    self._seen.add(record["id"])
                    self._waiting.append(self._charge(record))
            while len(self._waiting) >= _SIZE:
                batch, self._waiting = self._waiting[:_SIZE], self._waiting[_SIZE:]
                await self._queue.put(batch)

    def _charge(self, record: dict[str, Any]) -> dict[str, Any]:
        hours, workspace = record["time_in_minutes"] / 60, str(record["workspace_id"])
        self._hours[workspace] += record["time_in_minutes"]
        day, note = record["date_performed"], f"bare {record['id']}: Consultant {record['user_id']} {record['story_id']}"
        return {
            "externalId": f"bare-{record['id']}",
            "billTo": {"id": self._script.jobs[workspace][0]},
            "subsidiary": {"id": "1"},
            "currency": {"id": "1"},
            "billingItem": {"externalId": "SVC-CONSULT"},
            "use": {"id": "Actual"},
            "stage": {"id": "HOLD_FOR_BILLING"},
            "chargeDate": day,
            "serviceStartDate": day,
            "serviceEndDate": day,
            "quantity": hours,
            "rate": float(self._script.rate),
            "amount": hours * float(self._script.rate),
            "description": "Consultant",
            "memo": note,
        }

    async def _post(self) -> None:
        while (batch := await self._queue.get()) is not None:
            headers = {"Prefer": "respond-async", "Content-Type": _COLLECTION}
            answer = await self._netsuite.put(f"{_RECORDS}/charge", json={"items": batch}, headers=headers)
            answer.raise_for_status()
            await self._done("/services" + answer.headers["Location"].rpartition("/services")[2])
            self.batches += 1

    async def _done(self, job: str) -> None:
        wait = _FIRST_WAIT
        while True:
            found = (await self._netsuite.get(job)).json()
            if found["completed"]:
                if found["progress"] != "succeeded":
                    raise SystemExit(f"a batch failed: {found}")
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _invoices(self) -> int:
        for workspace, minutes in self._hours.items():
            job, customer = self._script.jobs[workspace]
            line = {"item": {"externalId": "ITEM-4000"}, "quantity": minutes / 60, "rate": float(self._script.rate)}
            body = {"entity": {"id": customer}, "job": {"id": job}, "item": {"items": [line]}, "externalId": f"bare-{workspace}"}
            answer = await self._netsuite.post(f"{_RECORDS}/invoice", json=body)
            answer.raise_for_status()
        return len(self._hours)


async def move(script: MonthScript) -> BareMonth:
    """The whole month."""
    limits = httpx.Limits(max_connections=script.at_once, max_keepalive_connections=script.at_once)
    login = {"Authorization": f"Bearer {script.kantata_token}"}
    signed = SignedRequests(TokenCredentials.model_validate(script.credentials), realm=script.account)
    async with (
        httpx.AsyncClient(base_url=script.kantata, headers=login, limits=limits, timeout=120, trust_env=False) as kantata,
        httpx.AsyncClient(base_url=script.netsuite, auth=signed, limits=limits, timeout=120, trust_env=False) as netsuite,
    ):
        loop, begun, worked = _Loop(script, kantata, netsuite), time.perf_counter(), time.process_time()
        invoices = await loop.run()
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
    return BareMonth(
        seconds=seconds,
        processor=worked,
        entries=loop.entries,
        batches=loop.batches,
        invoices=invoices,
        peak_megabytes=peak(psutil.Process().pid),
    )


def peak(pid: int) -> float:
    """The most memory that a process ever held, in megabytes; what it holds now, where the system does not say."""
    try:
        told = Path(f"/proc/{pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in told.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return float(psutil.Process(pid).memory_info().rss) / 2**20


def main() -> None:
    """The command line."""
    script = MonthScript.model_validate_json(Path(sys.argv[1]).read_text())
    print(json.dumps(asyncio.run(move(script)).model_dump()))


if __name__ == "__main__":
    main()
