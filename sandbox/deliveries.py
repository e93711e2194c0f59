"""Outgoing webhooks of a simulated vendor: sent once, twice, late, shuffled or never, as told; every attempt is kept."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
from pydantic import BaseModel, ConfigDict, Field


class Manners(BaseModel):
    """How deliveries behave until told otherwise."""

    model_config = ConfigDict(extra="forbid")
    copies: int = Field(default=1, ge=0, description="how often each delivery is sent; 0 loses it")
    delay_seconds: float = Field(default=0, ge=0)
    shuffle_seed: int | None = Field(default=None, description="hold deliveries back and send them in this random order on flush")
    retries: int = Field(default=5, ge=0, description="how often a delivery that was not acknowledged is sent again")
    retry_seconds: float = Field(default=1.0, ge=0)


@dataclass
class Delivery:
    """One webhook call, ready to be sent: the body is bytes already, since signatures cover exact bytes."""

    url: str
    body: bytes
    headers: dict[str, str]
    label: str = ""
    answers: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    sign: Callable[[], dict[str, str]] | None = None
    accepted: Callable[[int, bytes], bool] | None = None


class Deliveries:
    """The queue of outgoing webhooks of one vendor."""

    def __init__(self) -> None:
        self.manners = Manners()
        self.sent: list[Delivery] = []
        self._held: list[Delivery] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, delivery: Delivery) -> None:
        """Send a delivery in the background, as the manners say."""
        if self.manners.shuffle_seed is not None:
            self._held.append(delivery)
            return
        for _ in range(self.manners.copies):
            self._start(self._send(delivery, self.manners.delay_seconds))
        if not self.manners.copies:
            self.sent.append(delivery)

    def flush(self) -> int:
        """Send what was held back, in the shuffled order, and say how many calls that is."""
        held, self._held = self._held, []
        calls = [delivery for delivery in held for _ in range(max(self.manners.copies, 1))]
        random.Random(self.manners.shuffle_seed).shuffle(calls)
        self._start(self._send_in_order(calls))
        return len(calls)

    async def again(self, *, times: int, concurrent: int = 20, label: str | None = None) -> int:
        """Redeliver what was sent before (with that label), ``times`` in all, at most ``concurrent`` at once."""
        chosen = [d for d in self.sent if label is None or d.label == label]
        unique = list({id(d): d for d in chosen}.values())
        if not unique:
            return 0
        gate = asyncio.Semaphore(concurrent)

        async def one(delivery: Delivery) -> None:
            async with gate:
                await self._send(delivery, 0)

        await asyncio.gather(*(one(unique[n % len(unique)]) for n in range(times)))
        return times

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def listed(self) -> list[dict[str, Any]]:
        """Every delivery with the answers it had, oldest first."""
        unique = {id(d): d for d in self.sent}.values()
        return [
            {"url": d.url, "label": d.label, "answers": d.answers, "seconds": d.seconds, "bytes": len(d.body)} for d in unique
        ]

    async def _send_in_order(self, calls: list[Delivery]) -> None:
        for delivery in calls:
            await self._send(delivery, 0)

    async def _send(self, delivery: Delivery, delay: float) -> None:
        await asyncio.sleep(delay)
        if not any(d is delivery for d in self.sent):
            self.sent.append(delivery)
        async with httpx.AsyncClient(timeout=30) as client:
            for attempt in range(self.manners.retries + 1):
                if await self._delivered(client, delivery):
                    return
                await asyncio.sleep(self.manners.retry_seconds * (attempt + 1))

    @staticmethod
    async def _delivered(client: httpx.AsyncClient, delivery: Delivery) -> bool:
        headers = delivery.headers | (delivery.sign() if delivery.sign else {})
        sent_at = time.monotonic()
        try:
            answer = await client.post(delivery.url, content=delivery.body, headers=headers)
        except httpx.HTTPError:
            delivery.answers.append(0)
            return False
        delivery.answers.append(answer.status_code)
        delivery.seconds.append(time.monotonic() - sent_at)
        accepted = delivery.accepted or (lambda status, _: 200 <= status < 300)
        return accepted(answer.status_code, answer.content)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
