"""Plays a story: its steps in order, each at its line; what arrives may come twice or in another order (U6)."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from rehearsal.reading import Story
from rehearsal.scene import Scene, StepFailed
from rehearsal.step import PERFORMERS, Step
from rehearsal.systems.registry import SystemName

Act = Callable[[Any], Awaitable[None]]
Tell = Callable[[str], None]
Judge = Callable[[int], Awaitable[None]]
ASKED_AGAIN = {
    *("take_in_time", "take_in_payments", "rates", "exchange_rates", "raise_limit", "bill", "credit", "deposit", "apply"),
    *("open_dispute", "settle_dispute", "measure", "recognize", "close"),
}
"""What is asked of us under a name of its own, or is a round of a schedule: asked twice, also at once, it is done once."""
_ENTERED = {"record_time", "record_days", "record_expenses"}
_FIRST, _A_STEP = 900_001, 10_000
_SENDERS: tuple[SystemName, ...] = ("docusign", "salesforce")


class Player:
    """One performance. ``judge`` is called for each step that checks something in between."""

    def __init__(self, story: Story, scene: Scene, *, judge: Judge, tell: Tell) -> None:
        self._story, self._scene, self._judge, self._tell = story, scene, judge, tell
        self._waiting: list[Callable[[], Awaitable[object]]] = []
        performers = [performer(scene) for performer in PERFORMERS]
        self._acts: dict[str, Act] = {
            name: getattr(one, name) for one in performers for name in Step.model_fields if hasattr(one, name)
        }

    async def play(self) -> None:
        """Every step; the first that cannot be done ends the performance."""
        for name in _SENDERS:
            await self._scene.stage.vendors[name].behave(**self._scene.manner.webhooks)
        for number, step in enumerate(self._story.scenario.steps):
            if step.note or step.verb != "check":
                self._tell(step.note or _spoken(step))
            try:
                await self._perform(number, step)
            except StepFailed as failed:
                told = StepFailed(f"{_spoken(step)}: {failed}")
                told.place = f"{self._story.file}:{self._story.line('steps', number)}"
                raise told from failed
        await self._let_through()

    async def _perform(self, number: int, step: Step) -> None:
        is_shuffled = self._scene.manner.shuffle_seed is not None
        if is_shuffled and step.verb in {"deliver", *_ENTERED}:
            self._waiting.append(lambda: self._act(number, step))
            return
        if step.verb not in {"sign", "win", "void", "decline", "hold", "fault"}:
            await self._let_through()
        await (self._judge(number) if step.verb == "check" else self._act(number, step))

    async def _act(self, number: int, step: Step) -> None:
        """What a step enters anywhere has the same ids in whatever order the steps come."""
        copies = self._scene.manner.copies if step.verb in ASKED_AGAIN else 1
        self._scene.numbers = count(_FIRST + number * _A_STEP)
        done = await asyncio.gather(*(self._acts[step.verb](step.particulars) for _ in range(copies)), return_exceptions=True)
        for failed in (one for one in done if isinstance(one, BaseException)):
            raise failed

    async def _let_through(self) -> None:
        """In a shuffled performance what arrives waits until somebody looks; then it arrives in a random order."""
        seed = self._scene.manner.shuffle_seed
        if seed is None:
            return
        vendors = self._scene.stage.vendors
        arriving = [*(vendors[name].flush for name in _SENDERS), *self._waiting]
        self._waiting = []
        random.Random(seed).shuffle(arriving)
        for arrive in arriving:
            await arrive()


def _spoken(step: Step) -> str:
    names = ("contract", "exception", "system", "name", "part", "once_held")
    about = next((text for name in names if (text := getattr(step.particulars, name, None))), "")
    return f"{step.verb.replace('_', ' ')} {about}".strip()
