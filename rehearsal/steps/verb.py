"""What the verbs of every topic share: their short forms, verbs without particulars, and refusals told as failed steps."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from pydantic import BeforeValidator

from canonical.errors import Failure, Transient
from policies.shape import Shape
from rehearsal.scene import Scene, StepFailed

Answer = TypeVar("Answer")
_PATIENCE = timedelta(seconds=20)


class Nothing(Shape):
    """A step without particulars."""


def brief(model: type[Shape], field: str = "contract") -> BeforeValidator:
    """``sign: C-100`` is short for ``sign: {contract: C-100}``."""

    def whole(given: object) -> object:
        return {field: given} if isinstance(given, str) else given

    return BeforeValidator(whole, json_schema_input_type=model | str)


async def asked(asking: Awaitable[Answer]) -> Answer:
    """Ask for it; a refusal fails the step in the words of the refusal."""
    try:
        return await asking
    except Failure as failure:
        raise StepFailed(f"it was refused: {failure.message} {failure.remedy}") from failure


async def decided(scene: Scene, asking: Awaitable[object]) -> None:
    """Ask for it. A decision that is kept and could not be told to its workflow is told at the next sweep, here at once."""
    try:
        await asking
    except Transient:
        await _swept(scene)
    except Failure as failure:
        raise StepFailed(f"it was refused: {failure.message}. {failure.remedy}") from failure


async def _swept(scene: Scene) -> None:
    async def told() -> bool | None:
        try:
            await scene.office.sweep()
        except Transient:
            return None
        return True

    if await scene.until(told, _PATIENCE) is None:
        raise StepFailed("the decision is kept, and no sweep could tell the workflow of it")
