"""What goes on beside a story comes to its end with it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rehearsal.performance import accompanied
from rehearsal.result import Result
from rehearsal.scene import Scene


@dataclass
class Doing:
    """A scene in which something is under way until it is ``done``."""

    done: asyncio.Event = field(default_factory=asyncio.Event)
    stage: Any = field(default_factory=lambda: SimpleNamespace(vendors=SimpleNamespace(by_name={})))

    @property
    def view(self) -> "Doing":
        return self

    async def rows(self, _: str) -> list[dict[str, Any]]:
        return [] if self.done.is_set() else [{"key": "create_invoice/INV-1"}]

    async def until(self, look: Callable[[], Awaitable[bool | None]], _: object) -> None:
        while True:
            if await look():
                return
            await asyncio.sleep(0.005)


async def test_a_killer_brings_the_next_worker_up_however_long_that_takes() -> None:
    scene, missed, is_up = Doing(), list[str](), list[bool]()

    async def kill(_: Scene) -> None:
        await asyncio.sleep(0.2)
        is_up.append(True)
        scene.done.set()

    async with accompanied(kill, cast(Scene, scene), lambda: missed.append("missed"), later=0.01):
        pass
    assert (is_up, missed) == ([True], [])


async def test_a_write_that_never_comes_is_told_once_everything_rests() -> None:
    scene, missed = Doing(), list[str]()
    scene.done.set()
    async with accompanied(lambda _: asyncio.sleep(60), cast(Scene, scene), lambda: missed.append("missed"), later=0.01):
        pass
    assert missed == ["missed"]
    kept = {"story": "S01", "title": "", "manner": "killed after write 3 to netsuite", "file": "S01.yaml", "seconds": 1.0}
    assert Result.model_validate(kept | {"is_missed": True}).outcome == "as it should be, but nothing was killed"
    assert Result.model_validate(kept).outcome == "as it should be"


async def test_what_goes_wrong_beside_is_not_kept_to_itself() -> None:
    async def fail(_: Scene) -> None:
        raise RuntimeError("the worker does not start")

    with pytest.raises(RuntimeError, match="does not start"):
        async with accompanied(fail, cast(Scene, Doing()), lambda: None, later=1):
            pass
