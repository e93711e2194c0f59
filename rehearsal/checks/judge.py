"""Who judges the checks of one topic: it reads its evidence, and tells each difference as a sentence."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Self

from canonical.money import Money
from rehearsal.record import Json
from rehearsal.scene import Scene


class Judge(ABC):
    """For each check of its topic it has a method of that name, which yields what differs."""

    @classmethod
    @abstractmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        """One who has read everything that these checks ask about, at one time."""


def money(amount: Decimal | None, currency: str | None) -> Money | None:
    """Both columns as one."""
    return None if amount is None or currency is None else Money(amount=amount, currency=currency)


def differs(what: str, wanted: object, held: object) -> Iterator[str]:
    """Where something is asked and another thing is there."""
    if wanted is not None and wanted != held:
        yield f"expected {what} to be {wanted}, found {'nothing' if held is None else held}"


def lacks(what: str, words: str | None, text: str | None) -> Iterator[str]:
    """Where these words are not in that text."""
    if words is not None and words.lower() not in (text or "").lower():
        shown = (text or "nothing").replace("\n", " ")
        yield f"expected {what} to say '{words}', found {shown if len(shown) < 400 else f'{len(shown)} characters without it'}"


def listed(values: Json) -> str:
    """Names with their values."""
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "none"
