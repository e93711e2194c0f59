"""A month of approved time, from the simulated Kantata to charges and one invoice a project in the simulated NetSuite.

Each volume has a ground of its own and is measured once: first our own way, then a bare loop that reads the same pages and posts
the same batches. Ratios are of one run; the figures belong to the machine.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from temporalio.client import Client

from bench.bare_month import BareMonth, MonthScript, peak
from bench.contracts import contract, serials
from bench.ground import DEMO, Ground, ground
from bench.ours import BenchFailed, Ours
from rehearsal.overrides import copy_changed
from workflows import options
from workflows.bill_time import BillTime, BillTimeWorkflow
from workflows.release_invoice import ReleaseInvoice, ReleaseInvoiceWorkflow

_DAYS, _OF_A_PROJECT, _AT_ONCE = 20, 2_000, 8
_RATE, _FIRST_DAY = "165", date(2026, 12, 1)  # as the contracts of the bench say
_LONGEST = 3 * 3600.0
_STRAIGHT = {"billing.general.release.straight_through.0.amount": "1000000000"}


@dataclass(frozen=True)
class Volumes:
    """How many entries: a tenth first, to see how time and memory grow."""

    entries: int = 20_000

    @property
    def all(self) -> tuple[int, int]:
        """The tenth and the whole."""
        return max(self.entries // 10, 200), max(self.entries, 2_000)


QUICK = Volumes(2_000)


class Billed(BaseModel):
    """One volume: our seconds by stage, the worker's peak memory, and the bare loop's beside it."""

    entries: int
    projects: int
    intake: float
    charging: float
    invoicing: float
    peak_megabytes: float
    processor: dict[str, float]
    calls: dict[str, int]
    bare: BareMonth
    bare_vendors: float

    @property
    def seconds(self) -> float:
        """From the poll to the last invoice."""
        return self.intake + self.charging + self.invoicing

    @property
    def per_second(self) -> float:
        """Entries a second, end to end."""
        return self.entries / self.seconds

    @property
    def ratio(self) -> float:
        """Our speed over the bare loop's."""
        return self.bare.seconds / self.seconds

    @property
    def work(self) -> tuple[float, float]:
        """Processor seconds of our way and of the bare one, the vendors' with both: other programs do not stretch them."""
        ours = sum(seconds for name, seconds in self.processor.items() if name != "driver")
        return ours, self.bare.processor + self.bare_vendors


class Month(BaseModel):
    """Both volumes."""

    tenth: Billed
    whole: Billed

    @property
    def growth(self) -> float:
        """How much longer ten times as much took."""
        return self.whole.seconds / self.tenth.seconds

    @property
    def memory(self) -> float:
        """How much more memory it took."""
        return self.whole.peak_megabytes / self.tenth.peak_megabytes


async def measure(home: Path, volumes: Volumes, progress: Console) -> Month:
    """The tenth, then the whole, each on a ground of its own."""
    found = []
    for name, entries in zip(("tenth", "whole"), volumes.all, strict=True):
        folder = home / name
        policies = copy_changed(DEMO, folder / "policies", _STRAIGHT)
        async with ground(folder, policies=policies) as ready:
            found.append(await _Bench(ready, progress).run(entries))
    return Month(tenth=found[0], whole=found[1])


class _Bench:
    def __init__(self, ready: Ground, progress: Console) -> None:
        self._ground, self._progress = ready, progress

    async def run(self, entries: int) -> Billed:
        projects = max(entries // _OF_A_PROJECT, 1)
        chosen = list(itertools.islice(serials(), projects))
        await self._ground.seed(chosen)
        self._progress.print(f"{entries:,} entries: activating {projects} projects ...")
        ours = await Ours.on(self._ground)
        async with self._ground.worker():
            await _side_by_side(ours.run, chosen)
        jobs = await self._fill(entries, [contract(serial) for serial in chosen])
        before = await self._ground.calls()
        billed = await self._billed(ours.client, entries, [contract(serial) for serial in chosen])
        after = await self._ground.calls()
        billed["calls"] = {name: after[name] - before[name] for name in ("kantata", "netsuite")}
        self._progress.print(f"{entries:,} entries: the bare loop ...")
        with self._ground.meter().measuring() as used:
            bare = await self._bare(before["kantata"], jobs)
        if bare.entries != entries:
            raise BenchFailed(f"The bare loop moved {bare.entries} of {entries} entries")
        return Billed(entries=entries, projects=projects, bare=bare, bare_vendors=used["vendors"], **billed)

    async def _fill(self, entries: int, contracts: Sequence[str]) -> dict[str, tuple[str, str]]:
        """The month in Kantata: everybody on one project, a day an entry. Answers each workspace's job and customer."""
        kantata, netsuite = await self._ground.vendors["kantata"].state(), await self._ground.vendors["netsuite"].state()
        named = [one for one in kantata["external_references"].values() if one["service_name"] == "Handoff"]
        spaces = {r["service_model_ref"]: str(r["subject_id"]) for r in named if r["subject_type"] == "Workspace"}
        tasks = sorted((r["service_model_ref"], str(r["subject_id"])) for r in named if r["subject_type"] == "Story")
        places = [(spaces[c], next(n for name, n in tasks if _is_task(kantata, n, name, c))) for c in contracts]
        jobs = {one["externalId"]: (key, one["parent"]["id"]) for key, one in netsuite["records"]["job"].items()}
        until = datetime.now(UTC) - timedelta(minutes=1)
        wanted = {
            "people": entries // _DAYS,
            "days": _DAYS,
            "first_day": _FIRST_DAY.isoformat(),
            "undecided_every": 0,
            "changed_from": (until - timedelta(hours=8)).isoformat(),
            "changed_until": until.isoformat(),
            "on": places,
        }
        await self._ground.vendors["kantata"].seed({"generated": wanted})
        return {spaces[one]: jobs[one] for one in contracts}

    async def _billed(self, client: Client, entries: int, contracts: Sequence[str]) -> dict[str, Any]:
        async with self._ground.worker() as worker:
            with self._ground.meter(ours=worker).measuring() as used:
                begun = time.perf_counter()
                self._progress.print(f"{entries:,} entries: taking in ...")
                taken = await self._run(client, BillTimeWorkflow.run, BillTime(system="kantata"), "bill_time/kantata/bench")
                if taken.counts != {"new": entries}:
                    raise BenchFailed(f"Of {entries} entries the ledger took {taken.counts}, and {taken.faulty} are faulty")
                rated = time.perf_counter()
                self._progress.print(f"{entries:,} entries: charging ...")
                posted = await client.get_workflow_handle("post_charges/netsuite").result()
                if posted["items"] != entries:
                    raise BenchFailed(f"Of {entries} entries {posted} were posted")
                charged = time.perf_counter()
                self._progress.print(f"{entries:,} entries: invoicing ...")
                await _side_by_side(lambda one: self._invoiced(client, one), contracts)
                invoiced = time.perf_counter()
            assert worker.pid is not None
            most = peak(worker.pid)
        used.pop("elapsed")
        return {
            "intake": rated - begun,
            "charging": charged - rated,
            "invoicing": invoiced - charged,
            "peak_megabytes": most,
            "processor": used,
        }

    async def _run(self, client: Client, run: Any, request: Any, workflow_id: str) -> Any:
        handle = await client.start_workflow(run, request, id=workflow_id, task_queue=options.WORKFLOWS)
        return await asyncio.wait_for(handle.result(), _LONGEST)

    async def _invoiced(self, client: Client, reference: str) -> None:
        request = ReleaseInvoice(contract=reference, run="month", through=_FIRST_DAY + timedelta(days=_DAYS))
        released = await self._run(client, ReleaseInvoiceWorkflow.run, request, f"release_invoice/{reference}/month")
        if len(released.posted) != 1:
            raise BenchFailed(f"{reference} has {len(released.posted)} invoices: {released}")

    async def _bare(self, skip: int, jobs: dict[str, tuple[str, str]]) -> BareMonth:
        calls = (await self._ground.vendors["kantata"].calls())[skip:]
        environment = self._ground.environment
        credentials = {
            name: environment[f"HANDOFF_NETSUITE_{name.upper()}"]
            for name in ("consumer_key", "consumer_secret", "token_id", "token_secret")
        }
        script = MonthScript(
            kantata=self._ground.addresses["kantata"],
            kantata_token=environment["HANDOFF_KANTATA_TOKEN"],
            netsuite=self._ground.addresses["netsuite"],
            account=environment["HANDOFF_NETSUITE_ACCOUNT"],
            credentials=credentials,
            pages=[call["path"] for call in calls if call["method"] == "GET"],
            at_once=_AT_ONCE,
            jobs=jobs,
            rate=_RATE,
        )
        file = self._ground.plan.home / "month.json"
        file.write_text(script.model_dump_json())
        process = await asyncio.create_subprocess_exec(*self._ground.bare_month(file), stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        if process.returncode:
            raise BenchFailed(f"The bare loop ended with {process.returncode}")
        return BareMonth.model_validate_json(said)


async def _side_by_side(do: Any, every: Sequence[str]) -> None:
    waiting = iter(every)

    async def one_after_another() -> None:
        for one in waiting:
            await do(one)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(one_after_another())


def _is_task(kantata: dict[str, Any], number: str, name: str, of: str) -> bool:
    return name.startswith(f"{of}.L2.") and kantata["stories"][number].get("story_type") == "task"
