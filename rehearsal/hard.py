"""The hard variants (U6): everything delivered twice, in another order, and the worker killed at each write in turn."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from canonical.errors import Misconfigured
from rehearsal.digest import compared
from rehearsal.performance import Beside, Performance, perform
from rehearsal.player import Tell
from rehearsal.reading import Story
from rehearsal.record import Json
from rehearsal.result import Difference
from rehearsal.scenario import HardKind
from rehearsal.scene import Manner, Scene
from rehearsal.stage import Servers
from rehearsal.steps.fate import committed
from rehearsal.systems.registry import KNOWN, SystemName

_HOLD = "killer"
_PATIENT = 10.0
_PROVISIONING = 2


@dataclass(frozen=True)
class Hard:
    """One way to make it hard. ``after`` is a moment, in seconds from the story's beginning."""

    kind: HardKind
    system: SystemName | None = None
    write: int = 0
    seed: int = 1
    after: float | None = None

    def __str__(self) -> str:
        if self.after is not None:
            return f"killed after {self.after:.2f} s"
        if self.kind == "killed":
            return f"killed after write {self.write + 1} to {self.system}"
        return f"shuffled (seed {self.seed})" if self.kind == "shuffled" else "twice"

    @property
    def manner(self) -> Manner:
        """How deliveries come, and how long is waited."""
        return Manner(
            copies=2 if self.kind == "twice" else 1,
            shuffle_seed=self.seed if self.kind == "shuffled" else None,
            patience=_PATIENT,
        )

    def beside(self) -> Beside | None:
        """Who does it."""
        if self.after is not None:
            return Chance(self.after).kill
        return Killer(self.system, self.write).wait_and_kill if self.kind == "killed" and self.system else None


@dataclass(frozen=True)
class Killer:
    """Waits until a vendor has carried out its n-th write and not answered yet, and kills the worker then."""

    system: SystemName
    write: int

    async def wait_and_kill(self, scene: Scene) -> None:
        """-9; the held answer goes nowhere, and another worker finds what was left. The story's own faults go before the hold."""
        stage = scene.stage
        vendor = stage.vendors[self.system]
        await vendor.add_fault({"kind": "hold", "name": _HOLD, "on": _writes(self.system), "skip": self.write, "yields": True})
        while await committed(vendor, _HOLD) is None:
            await scene.breathe()
        await stage.crash_worker()
        await vendor.release(_HOLD)
        await stage.bring_up()


@dataclass(frozen=True)
class Chance:
    """Kills the worker at a moment, whatever it is doing then: reading, writing, recording or nothing."""

    after: float

    async def kill(self, scene: Scene) -> None:
        """-9, and another worker."""
        await asyncio.sleep(self.after)
        await scene.stage.crash_worker()
        await scene.stage.bring_up()


def _writes(system: SystemName) -> Json:
    return {"writes": True, "path": f"(?i)^(?!.*({KNOWN[system].asking}))"}


def hard_ways(story: Story, plain: Performance, seed: int) -> list[Hard]:
    """Every way that makes sense for this story."""
    return [way for way in _all(plain, seed) if way.kind not in story.scenario.spares]


def require_known(names: Sequence[str]) -> None:
    """Refuse a name that no hard variant can have."""
    unknown = [name for name in names if not name.startswith(get_args(HardKind))]
    if unknown:
        raise Misconfigured(
            f"No hard variant is called {', '.join(unknown)}",
            remedy=f"Name what it begins with: {', '.join(get_args(HardKind))}, or more of it, as a run prints it.",
        )


def named(ways: Sequence[Hard], names: Sequence[str]) -> list[Hard]:
    """Those whose names begin so: ``twice``, ``killed``, ``killed after write 3 to netsuite``; all of them without a name."""
    return [way for way in ways if not names or str(way).startswith(tuple(names))]


def spread(ways: Sequence[Hard], plain: Performance, most: int, seed: str) -> list[Hard]:
    """At most so many of the kills, by chance, and no second one at a kind of write before each kind has had its first.

    What only comes once an engagement is active has its turn before what provisioning writes, which every story has.
    """
    chance, by_kind = random.Random(seed), dict[tuple[int, str, str], list[Hard]]()
    for way in ways:
        if way.system is not None:
            place = (_lateness(plain, way.system, way.write), way.system, plain.writes[way.system][way.write])
            by_kind.setdefault(place, []).append(way)
    mixed = [(rank, chance.sample(kills, len(kills))) for (rank, _, _), kills in by_kind.items()]
    turns = [(turn, rank, chance.random(), way) for rank, kills in mixed for turn, way in enumerate(kills)]
    kept = {way for *_, way in sorted(turns, key=lambda one: one[:3])[:most]}
    return [way for way in ways if way.system is None or way in kept]


def _lateness(plain: Performance, system: SystemName, write: int) -> int:
    """0 for a kind of write that provisioning does not make, 1 for one that it makes as well, the most for what it wrote."""
    writes, before = plain.writes[system], plain.provisioning.get(system, 0)
    if write < before:
        return _PROVISIONING
    return 1 if writes[write] in writes[:before] else 0


def one_way(story: Story, plain: Performance, seed: int) -> list[Hard]:
    """One of them by chance, the same for the same seed: twice, shuffled, killed in provisioning and killed later alike."""
    sorts: dict[tuple[HardKind, bool], list[Hard]] = {}
    for way in hard_ways(story, plain, seed):
        is_late = way.system is not None and _lateness(plain, way.system, way.write) < _PROVISIONING
        sorts.setdefault((way.kind, is_late), []).append(way)
    chance = random.Random(f"{seed} {story.name}")
    return [chance.choice(chance.choice(list(sorts.values())))] if sorts else []


def random_kills(story: Story, plain: Performance, seed: int, times: int) -> list[Hard]:
    """So many moments of the plain performance by chance, the same for the same seed."""
    chance = random.Random(f"{seed} {story.name} {times}")
    return [Hard("killed", after=chance.uniform(0, plain.played)) for _ in range(times)] if _may_be_killed(story) else []


def _may_be_killed(story: Story) -> bool:
    return "killed" not in story.scenario.spares


async def perform_hard(
    story: Story, servers: Servers, policies: Path, way: Hard, plain: Performance, *, tell: Tell
) -> Performance:
    """The same story this way; it must end as the plain one did."""
    seen = await perform(story, servers, policies, manner=way.manner, beside=way.beside(), tell=tell)
    if not seen.differences:
        place = f"{story.file}:{story.line('scenario')}"
        seen.differences += [Difference(place=place, said=said) for said in compared(plain.digest, seen.digest)]
    return seen


def _all(plain: Performance, seed: int) -> Iterator[Hard]:
    yield Hard("twice")
    yield Hard("shuffled", seed=seed)
    for name in KNOWN:
        yield from (Hard("killed", name, number) for number in range(len(plain.writes.get(name, ()))))
