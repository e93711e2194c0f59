"""One performance of one story: set up, played, judged; and what it left behind, to be compared with others."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from temporalio.service import RPCError

from operations.office import open_office
from rehearsal.check import Check
from rehearsal.digest import Digest, digest
from rehearsal.judgement import differences
from rehearsal.ledger_view import ledger_view
from rehearsal.motion import calls_seen, is_undecided
from rehearsal.player import Player, Tell
from rehearsal.reading import Story
from rehearsal.result import Difference
from rehearsal.scene import Manner, Scene, StepFailed
from rehearsal.stage import Servers, Stage, settings_in
from rehearsal.systems.registry import KNOWN, SystemName
from rehearsal.universal import breaches, mentioned
from rehearsal.vendors import VendorAway
from rehearsal.world import World
from runtime.embedded.process import PartFailed

_REST = timedelta(seconds=20)
_STILL = 3
_LATER = 15.0
COUNTING = {"deliveries", "calls", "acknowledged", "activation_time", "effects", "sooner", "in_vain"}
"""Checks of how often and how: another manner of playing changes that, and nothing else."""


@dataclass
class Performance:
    """What was seen. ``played`` are the seconds of its steps, without the stage being set up before and judged after.

    ``writes`` are the writes that each vendor saw, in order, each as what it does; the first ``provisioning`` of them came before
    any engagement was active. ``is_missed`` says that the worker was to be killed, but the write or the moment did not come.
    """

    seconds: float = 0.0
    played: float = 0.0
    differences: list[Difference] = field(default_factory=list)
    digest: Digest = field(default_factory=dict)
    writes: dict[SystemName, list[str]] = field(default_factory=dict)
    provisioning: dict[SystemName, int] = field(default_factory=dict)
    is_missed: bool = False


Beside = Callable[[Scene], Awaitable[None]]


async def perform(
    story: Story,
    servers: Servers,
    policies: Path,
    *,
    manner: Manner | None = None,
    beside: Beside | None = None,
    tell: Tell,
) -> Performance:
    """Play it on a stage of its own. ``beside`` runs at the same time (a killer, say).

    A performance in another manner is held to the same checks, except to those that count calls and deliveries.
    """
    began, seen = time.monotonic(), Performance()
    scenario = story.scenario
    try:
        async with (
            servers.stage(policies, scenario.policies, scenario.world, overlay=scenario.overlay) as stage,
            scene_on(stage, scenario.world, manner) as scene,
        ):
            await _play(story, scene, seen, is_plain=manner is None, beside=beside, tell=tell)
            seen.digest = await digest(scene)
            await _count_writes(scene, seen)
    except (PartFailed, VendorAway, RPCError) as failed:  # of this story alone: the others are played all the same
        seen.differences.append(Difference(place=story.file, said=str(failed)))
    seen.seconds = time.monotonic() - began
    return seen


async def _count_writes(scene: Scene, seen: Performance) -> None:
    """What each vendor was told to do, and how much of it before the first activation (their clocks and ours move together)."""
    active = min((at for row in await scene.view.engagements() if (at := row["activated_at"])), default=None)
    for name, vendor in scene.stage.vendors.by_name.items():
        writes = [call for call in await vendor.calls() if KNOWN[name].is_write(call)]
        before = [call for call in writes if active is None or datetime.fromisoformat(call["at"]) <= active]
        seen.writes[name] = [KNOWN[name].kind_of(call) for call in writes]
        seen.provisioning[name] = len(before)


@asynccontextmanager
async def scene_on(stage: Stage, world: World, manner: Manner | None = None) -> AsyncIterator[Scene]:
    """An office and a view of the ledger on this stage."""
    settings = settings_in(stage.stack.environment)
    async with open_office(settings) as office, ledger_view(stage.owner_dsn) as view:
        yield Scene(stage, office, view, world, manner or Manner())


async def _play(story: Story, scene: Scene, seen: Performance, *, is_plain: bool, beside: Beside | None, tell: Tell) -> None:
    async def judge(checks: tuple[Check, ...], *place: str | int) -> None:
        held = {n: one for n, one in enumerate(checks) if is_plain or one.about not in COUNTING}
        told = await differences(scene, tuple(held.values()))
        for number, said in told.items():
            where = f"{story.file}:{story.line(*place, list(held)[number])}"
            seen.differences += [Difference(place=where, said=sentence) for sentence in said]

    async def in_between(number: int) -> None:
        await judge(story.scenario.steps[number].check or (), "steps", number, "check")

    def missed() -> None:
        seen.is_missed = True

    player = Player(story, scene, judge=in_between, tell=tell)
    try:
        async with accompanied(beside, scene, missed):
            began = time.monotonic()
            await player.play()
            seen.played = time.monotonic() - began
        await _rested(scene)
        await judge(story.scenario.then, "then")
        place = f"{story.file}:{story.line('scenario')}"
        seen.differences += [Difference(place=place, said=said) for said in await breaches(scene, mentioned(story))]
    except StepFailed as failed:
        seen.differences.append(Difference(place=failed.place or story.file, said=str(failed)))


@asynccontextmanager
async def accompanied(
    beside: Beside | None, scene: Scene, missed: Callable[[], None], *, later: float = _LATER
) -> AsyncIterator[None]:
    """What runs beside comes to its end with the block, and not later if the block fails; ``missed`` is told if it never began.

    A story that a person stops makes more or fewer writes, as it happens: there may be no such write to kill the worker after.
    """
    companion = asyncio.ensure_future(beside(scene)) if beside else None
    try:
        yield
        if companion:
            await asyncio.wait({companion}, timeout=later)
            if not companion.done():
                await _rested(scene)  # on a busy machine the write, or the next worker, may be on its way for longer
            if companion.done():
                companion.result()
            else:
                missed()
    finally:
        if companion:
            companion.cancel()
            await asyncio.gather(companion, return_exceptions=True)


async def _rested(scene: Scene) -> None:
    """Until nothing is under way: every delivery concluded, every write decided, and no vendor called, for a moment."""
    before, still = -1, 0

    async def look() -> bool | None:
        nonlocal before, still
        is_undone, calls = await is_undecided(scene), await calls_seen(scene)
        still = still + 1 if not is_undone and calls == before else 0
        before = calls
        return True if still >= _STILL else None

    await scene.until(look, _REST)
