"""How long a sender waits for its acknowledgement at a steady rate: our gateway beside a bare insert behind the same server."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg
import httpx2 as httpx
from pydantic import BaseModel
from rich.console import Console

from bench.bare_inbox import TABLE
from bench.deliveries import Deliveries, Delivery
from bench.figures import Comparison, Round, comparison
from bench.ground import Ground
from bench.ours import BenchFailed
from bench.processor import Meter
from runtime.embedded.ports import free_ports

SIDES = ("ours", "bare")
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)


@dataclass(frozen=True)
class Rate:
    """So many deliveries a second, for so many rounds of so many seconds on each side; a second on each before, to warm up."""

    per_second: int = 200
    rounds: int = 4
    seconds: float = 5.0


QUICK = Rate(per_second=50, rounds=1, seconds=1.0)


class Webhooks(BaseModel):
    """What the bench found; ``kept`` and ``repeated`` are what our inbox says of it."""

    per_second: int
    kept: int
    repeated: int
    comparison: Comparison


async def measure(ground: Ground, rate: Rate, progress: Console) -> Webhooks:
    """Our gateway and the bare server, in turns. No worker runs: what is measured is the way to the acknowledgement."""
    assert ground.stack.owner_dsn is not None
    owner = await asyncpg.connect(ground.stack.owner_dsn)
    try:
        await owner.execute(TABLE)
        port = free_ports(1)[0]
        async with ground.gateway() as gateway, ground.bare_inbox(port) as bare:
            urls = {
                "ours": f"{ground.plan.url_of('gateway')}/webhooks/docusign",
                "bare": f"http://127.0.0.1:{port}/webhooks/bare",
            }
            key = ground.environment["HANDOFF_DOCUSIGN_CONNECT_KEY"]
            bench = _Bench(urls, key, rate, ground.meter(ours=gateway, bare=bare), progress)
            found = await bench.run()
        return await _checked(owner, bench, found)
    finally:
        await owner.close()


async def _checked(owner: "asyncpg.Connection[asyncpg.Record]", bench: "_Bench", found: Comparison) -> Webhooks:
    """What was acknowledged must have been kept: ours once, the bare way every time."""
    row = await owner.fetchrow("SELECT count(*) AS kept, sum(deliveries) AS sent FROM inbox WHERE source = 'docusign'")
    bare = await owner.fetchval("SELECT count(*) FROM bare_inbox")
    kept, sent = (int(row["kept"]), int(row["sent"])) if row else (0, 0)
    if (kept, sent, bare) != (bench.distinct["ours"], bench.sent["ours"], bench.sent["bare"]):
        raise BenchFailed(f"What was sent is not what was kept: sent {bench.sent}, {kept} rows of {sent} and {bare}")
    return Webhooks(per_second=bench.rate.per_second, kept=kept, repeated=sent - kept, comparison=found)


class _Bench:
    def __init__(self, urls: dict[str, str], key: str, rate: Rate, meter: Meter, progress: Console) -> None:
        self._urls, self.rate, self._meter, self._progress = urls, rate, meter, progress
        self._sources = {name: Deliveries(key) for name in SIDES}
        self._streams = {name: iter(source) for name, source in self._sources.items()}
        self.sent = dict.fromkeys(SIDES, 0)

    @property
    def distinct(self) -> dict[str, int]:
        return {name: source.distinct for name, source in self._sources.items()}

    async def run(self) -> Comparison:
        found: dict[str, list[Round]] = {name: [] for name in SIDES}
        for name in SIDES:
            await self._round(name, min(1.0, self.rate.seconds))
        for number in range(self.rate.rounds):
            for name in SIDES if number % 2 == 0 else reversed(SIDES):
                self._progress.print(f"{self.rate.per_second} deliveries a second, round {number + 1}: {name} ...")
                found[name].append(await self._round(name, self.rate.seconds))
        return comparison(f"{self.rate.per_second} a second", found["ours"], found["bare"])

    async def _round(self, name: str, seconds: float) -> Round:
        """Over connections of its own: the servers close those that rested while the other side had its turn."""
        count = int(self.rate.per_second * seconds)
        batch = list(itertools.islice(self._streams[name], count))
        self.sent[name] += count
        async with httpx.AsyncClient(limits=LIMITS, timeout=30, trust_env=False) as http:
            with self._meter.measuring() as used:
                milliseconds = await self._steadily(http, self._urls[name], iter(batch))
        elapsed = used.pop("elapsed")
        return Round(milliseconds=milliseconds, seconds=elapsed, processor=used)

    async def _steadily(self, http: httpx.AsyncClient, url: str, batch: Iterator[Delivery]) -> list[float]:
        """Each at its time, answered or not the ones before; measured from that time, so that a stall is not hidden."""
        begun, found = time.perf_counter(), list[float]()

        async def deliver(delivery: Delivery, due: float) -> None:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            answer = await http.post(url, content=delivery.body, headers=delivery.headers)
            if answer.status_code >= 300:
                raise BenchFailed(f"A delivery was answered {answer.status_code}: {answer.text[:300]}")
            found.append((time.perf_counter() - due) * 1000)

        async with asyncio.TaskGroup() as group:
            for number, delivery in enumerate(batch):
                group.create_task(deliver(delivery, begun + number / self.rate.per_second))
        return found
