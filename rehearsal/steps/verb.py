"""What the verbs of every topic share: their short forms, verbs without particulars, and refusals told as failed steps."""

from collections.abc import Awaitable
from typing import TypeVar

from pydantic import BeforeValidator

from canonical.errors import Failure
from policies.shape import Shape
from rehearsal.scene import StepFailed

Answer = TypeVar("Answer")


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
