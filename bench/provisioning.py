"""Handoffs a second and their latency, ours beside the bare workflow's, one and forty at a time, in turns on the same ground."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from pydantic import BaseModel
from rich.console import Console

from bench import scriptwriter, takes
from bench.bare import Bare
from bench.contracts import serials
from bench.figures import Comparison, Round, comparison
from bench.ground import Ground
from bench.ours import BenchFailed, Ours
from bench.processor import Meter
from bench.script import Script
from rehearsal.systems.registry import SYSTEMS

Run = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Sizes:
    """How much is measured: at each width, this many rounds of this many handoffs on each side; ``warm`` ones before all."""

    widths: tuple[tuple[int, int, int], ...] = ((1, 10, 10), (40, 5, 80))
    warm: int = 3

    @property
    def contracts(self) -> int:
        """How many contracts that takes, with those for recording, warming and checking."""
        return 2 * sum(rounds * count for _, rounds, count in self.widths) + 3 * self.warm + 4


QUICK = Sizes(widths=((1, 1, 1), (2, 1, 2)), warm=1)


class Provisioning(BaseModel):
    """What the bench found. Calls and activities are of one handoff; ``unexplained`` is what the script repeats as recorded."""

    calls: dict[str, dict[str, int]]
    activities: dict[str, int]
    records_alike: bool
    unexplained: list[str]
    comparisons: list[Comparison]


async def measure(ground: Ground, sizes: Sizes, progress: Console) -> Provisioning:
    """Record, write the script, check that both do the same, then measure in turns."""
    chosen = list(itertools.islice(serials(), sizes.contracts))
    await ground.seed(chosen)
    unused, ours = iter(chosen), await Ours.on(ground)
    progress.print("recording two handoffs ...")
    first, second = await takes.record(ground, ours, _next(unused, sizes.warm), _next(unused, 2))
    script = scriptwriter.write(first, second)
    file = ground.plan.home / "script.json"
    file.write_text(script.model_dump_json())
    bare = await Bare.on(ground, script)
    async with AsyncExitStack() as stack:
        our_worker = await stack.enter_async_context(ground.worker())
        bare_worker = await stack.enter_async_context(ground.bare_worker(file))
        bench = _Bench(ground, ours, bare, unused, ground.meter(ours=our_worker, bare=bare_worker), progress)
        return await bench.run(sizes, script)


def _next(unused: Iterator[str], count: int) -> list[str]:
    return list(itertools.islice(unused, count))


class _Bench:
    def __init__(self, ground: Ground, ours: Ours, bare: Bare, unused: Iterator[str], meter: Meter, progress: Console) -> None:
        self._ground, self._ours, self._bare = ground, ours, bare
        self._unused, self._meter, self._progress = unused, meter, progress

    async def run(self, sizes: Sizes, script: Script) -> Provisioning:
        alike = await self._compared(sizes.warm)
        return Provisioning(
            calls=alike[0],
            activities=alike[1],
            records_alike=True,
            unexplained=script.unexplained,
            comparisons=[await self._at(*width) for width in sizes.widths],
        )

    async def _compared(self, warm: int) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
        """One handoff of each, alone, after warming: both must make the same calls and leave the same records."""
        for _ in range(warm):
            await self._ours.run(next(self._unused))
            await self._bare.run(next(self._unused))
        mine, theirs = next(self._unused), next(self._unused)
        calls, records = {}, {}
        for name, run, serial in (("ours", self._ours.run, mine), ("bare", self._bare.run, theirs)):
            calls_before, records_before = await self._ground.calls(), await self._records()
            await run(serial)
            calls[name] = _grown(calls_before, await self._ground.calls())
            records[name] = _grown(records_before, await self._records())
        if calls["ours"] != calls["bare"] or records["ours"] != records["bare"]:
            raise BenchFailed(f"The bare workflow does not do the same: calls {calls}, records {records}")
        named = {"ours": self._ours.handle(mine), "bare": self._bare.handle(theirs)}
        return calls, {name: len(await takes.activities(handle)) for name, handle in named.items()}

    async def _records(self) -> dict[str, int]:
        """How many records of each kind each vendor holds."""
        states = await asyncio.gather(*(self._ground.vendors[name].state() for name in SYSTEMS))
        counted: dict[str, int] = {}
        for name, state in zip(SYSTEMS, states, strict=True):
            kinds = {**state, **state.get("records", {})}
            kinds.pop("subscribed_events", None)  # a feed, which says every so many changes twice
            counted.update({f"{name}.{kind}": len(held) for kind, held in kinds.items() if isinstance(held, dict | list)})
        return counted

    async def _at(self, width: int, rounds: int, count: int) -> Comparison:
        found: dict[str, list[Round]] = {"ours": [], "bare": []}
        sides: list[tuple[str, Run]] = [("ours", self._ours.run), ("bare", self._bare.run)]
        for number in range(rounds):
            for name, run in sides if number % 2 == 0 else reversed(sides):
                self._progress.print(f"{width} at a time, round {number + 1} of {rounds}: {count} handoffs, {name} ...")
                found[name].append(await self._round(run, width, _next(self._unused, count)))
        return comparison(f"{width} at a time", found["ours"], found["bare"])

    async def _round(self, run: Run, width: int, chosen: list[str]) -> Round:
        before = await self._ground.calls()
        with self._meter.measuring() as used:
            milliseconds = await _all(run, width, chosen)
        seconds = used.pop("elapsed")
        calls = _grown(before, await self._ground.calls())
        return Round(milliseconds=milliseconds, seconds=seconds, processor=used, calls=calls)


async def _all(run: Run, width: int, chosen: list[str]) -> list[float]:
    """Each of these once, always so many under way; how long each took."""
    waiting, found = iter(chosen), list[float]()

    async def one_after_another() -> None:
        for serial in waiting:
            begun = time.perf_counter()
            await run(serial)
            found.append((time.perf_counter() - begun) * 1000)

    async with asyncio.TaskGroup() as group:
        for _ in range(width):
            group.create_task(one_after_another())
    return found


def _grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: grown for name, count in after.items() if (grown := count - before.get(name, 0))}
