"""Whether what must hold does hold: each check compared with ledger and vendors, told in the words of the file."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rehearsal.check import JUDGES, Check
from rehearsal.checks.judge import Judge
from rehearsal.motion import is_moving
from rehearsal.scene import Scene

_PATIENCE = 5.0
_MOST = 60.0
_PAUSE = 0.1


async def differences(scene: Scene, checks: Sequence[Check]) -> dict[int, list[str]]:
    """By the check's number what differs; what is on its way gets a few seconds to arrive, and more while something moves."""
    began = time.monotonic()
    deadline, end = (began + seconds * scene.manner.patience for seconds in (_PATIENCE, _MOST))
    while True:
        judges = await _informed(scene, checks)
        told = {number: list(_compared(judges[_topic(check)], check)) for number, check in enumerate(checks)}
        failed = {number: said for number, said in told.items() if said}
        if not failed or time.monotonic() > end:
            return failed
        if time.monotonic() > deadline:
            if not await is_moving(scene):
                return failed
            deadline += _PATIENCE
        await asyncio.sleep(_PAUSE)


def _topic(check: Check) -> type[Judge]:
    return next(judge for judge in JUDGES if hasattr(judge, check.about))


async def _informed(scene: Scene, checks: Sequence[Check]) -> dict[type[Judge], Judge]:
    """Only those who are needed, each with all the checks of its topic."""
    wanted: dict[type[Judge], list[Any]] = {}
    for check in checks:
        wanted.setdefault(_topic(check), []).append(check.particulars)
    return {topic: await topic.informed(scene, asked) for topic, asked in wanted.items()}


def _compared(judge: Judge, check: Check) -> Iterator[str]:
    compare: Callable[[Any], Iterator[str]] = getattr(judge, check.about)
    return compare(check.particulars)
