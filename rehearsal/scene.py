"""What every step of a story works with, and what it says when it cannot be done."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import TypeVar

from operations.office import Office
from rehearsal.deal import Deal
from rehearsal.ledger_view import LedgerView
from rehearsal.stage import Stage
from rehearsal.world import World

_PAUSE = 0.05
Answer = TypeVar("Answer")


class StepFailed(Exception):
    """A step could not be done; says so in the words of the scenario, and where in it."""

    place = ""


@dataclass(frozen=True)
class Manner:
    """How a story is played: plainly, or every delivery more than once, or in another order, or more patiently."""

    copies: int = 1
    shuffle_seed: int | None = None
    patience: float = 1.0

    @property
    def webhooks(self) -> dict[str, int | float | None]:
        """The manners of the vendors' webhooks."""
        return {"copies": self.copies, "shuffle_seed": self.shuffle_seed, "retry_seconds": 0.2, "retries": 30}


@dataclass
class Scene:
    """A stage with an office opened on it, and a view of its ledger."""

    stage: Stage
    office: Office
    view: LedgerView
    world: World
    manner: Manner = Manner()
    acknowledged: list[float] = field(default_factory=list)
    plans: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(900_001))

    def deal(self, contract: str) -> Deal:
        """The deal of a contract, as the world has it."""
        if contract not in self.world.deals:
            raise StepFailed(f"the world has no deal {contract}")
        return self.world.deals[contract]

    async def breathe(self) -> None:
        """A moment, before somebody looks again."""
        await asyncio.sleep(_PAUSE)

    async def until(self, look: Callable[[], Awaitable[Answer | None]], within: timedelta) -> Answer | None:
        """Look again and again until there is an answer; none when the time is over."""
        deadline = time.monotonic() + within.total_seconds() * self.manner.patience
        while True:
            answer = await look()
            if answer is not None or time.monotonic() > deadline:
                return answer
            await self.breathe()
