"""Undo in reverse order, shielded from cancellation; an undo that fails lets the others run and is told to the caller."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from temporalio.exceptions import FailureError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Compensation:
    """How to undo one step; ``step`` names it for people."""

    step: str
    undo: Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Failed:
    """An undo that did not work, with what it said."""

    compensation: Compensation
    error: FailureError


class Saga:
    """What has been done and how to undo it.

    Register an undo *before* its step is called: the step's outcome may be unknown, and undos find nothing to undo gracefully.
    """

    def __init__(self) -> None:
        self._registered: list[Compensation] = []

    def on_failure(self, step: str, undo: Callable[[], Awaitable[object]]) -> None:
        """Remember how to undo a step that is about to be taken."""
        self._registered.append(Compensation(step, undo))

    async def compensate(self) -> list[Failed]:
        """Undo everything, last first, also while the workflow is being cancelled; answers what could not be undone."""
        failed: list[Failed] = []
        while self._registered:
            compensation = self._registered.pop()
            try:
                await shielded(_awaited(compensation.undo))
            except FailureError as error:
                failed.append(Failed(compensation, error))
        return failed


async def shielded(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end although the workflow is cancelled meanwhile (TEMPORAL.md, section 8)."""
    task = asyncio.create_task(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
        except FailureError:
            break
    return task.result()


def stop_if_cancelled() -> None:
    """To be asked after each step: a write that ran to its end although it was cancelled has swallowed the cancellation."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def together(*branches: Coroutine[Any, Any, Result]) -> list[Result]:
    """Run branches at the same time; when one fails the others are cancelled *and awaited*, so that nothing runs on unseen."""
    try:
        stop_if_cancelled()
    except asyncio.CancelledError:
        for branch in branches:
            branch.close()
        raise
    tasks = [asyncio.create_task(branch) for branch in branches]
    try:
        return list(await asyncio.gather(*tasks))
    except (FailureError, asyncio.CancelledError):  # not GeneratorExit: an evicted workflow must not run anything
        for task in tasks:
            task.cancel()
        await shielded(_settled(tasks))
        raise


async def _settled(tasks: list[asyncio.Task[Result]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


async def _awaited(undo: Callable[[], Awaitable[object]]) -> None:
    await undo()
