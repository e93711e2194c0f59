"""Faults as data: what a simulated vendor is told to do wrong, for which calls and how often."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["answer", "outage", "slow", "lose_answer", "hold", "drop_connection", "invisible", "partial"]


class Match(BaseModel):
    """Which calls a fault applies to; what is not given matches everything."""

    model_config = ConfigDict(extra="forbid")
    method: str | None = None
    path: str | None = Field(default=None, description="regular expression, searched in the path with its query")
    body: str | None = Field(default=None, description="regular expression, searched in the body's text")
    writes: bool | None = Field(default=None, description="true: only POST, PUT, PATCH and DELETE")

    def covers(self, method: str, path: str, body: bytes) -> bool:
        """Whether this call is meant."""
        if self.method is not None and self.method.upper() != method:
            return False
        if self.writes is not None and self.writes != (method in {"POST", "PUT", "PATCH", "DELETE"}):
            return False
        if self.path is not None and not re.search(self.path, path):
            return False
        return self.body is None or bool(re.search(self.body, body.decode("utf-8", "replace")))


class Fault(BaseModel):
    """One thing to do wrong.

    ``answer`` refuses with ``status`` (the vendor's own error body unless ``body`` is given) and does not act;
    ``outage`` does the same for every matching call for ``seconds``; ``slow`` waits ``seconds``, then acts;
    ``lose_answer`` acts, then answers ``status`` (504 unless given); ``drop_connection`` acts, then closes the connection;
    ``hold`` acts, then keeps the answer back until the hold called ``name`` is released; ``invisible`` acts, but what was
    created is not found by searches for ``seconds`` (so do ``lose_answer``, ``drop_connection`` and ``hold`` with ``seconds``);
    ``partial`` commits the first ``quantity`` records of a bulk call only.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    name: str = ""
    on: Match = Match()
    skip: int = Field(default=0, ge=0, description="how many matching calls pass unharmed first")
    times: int | None = Field(default=1, description="how many calls are hit; null means every one")
    status: int | None = None
    headers: dict[str, str] = {}
    body: Any = None
    seconds: float = Field(default=0, ge=0)
    quantity: int = Field(default=0, ge=0)
    yields: bool = Field(default=False, description="whether every other fault goes before; what they take is seen, and let pass")

    @property
    def hides(self) -> bool:
        """Whether what the call creates is not found by searches at first."""
        return self.kind == "invisible" or (self.kind in {"lose_answer", "drop_connection", "hold"} and self.seconds > 0)


@dataclass
class _Planned:
    number: int
    fault: Fault
    since: float = field(default_factory=time.monotonic)
    seen: int = 0
    hit: int = 0

    def takes(self, method: str, path: str, body: bytes) -> bool:
        fault = self.fault
        if fault.kind == "outage" and time.monotonic() - self.since > fault.seconds:
            return False
        if fault.kind != "outage" and fault.times is not None and self.hit >= fault.times:
            return False
        if not self.sees(method, path, body) or self.seen <= fault.skip:
            return False
        self.hit += 1
        return True

    def sees(self, method: str, path: str, body: bytes) -> bool:
        covers = self.fault.on.covers(method, path, body)
        self.seen += covers
        return covers


class FaultPlan:
    """The faults in force at one vendor, in the order they were given; the first that matches is done."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._numbers = count(1)
        self._holds: dict[str, asyncio.Event] = {}

    def add(self, fault: Fault) -> int:
        """Put a fault in force and return its number."""
        planned = _Planned(next(self._numbers), fault)
        self._planned.append(planned)
        return planned.number

    def clear(self) -> None:
        """Forget every fault and let go of every answer that is held."""
        self._planned.clear()
        self.lift()

    def lift(self) -> None:
        """Every fault ends, and answers that are held go; one that yields was not meant, and goes on waiting for its turn."""
        self._planned = [planned for planned in self._planned if planned.fault.yields]
        lasting = {planned.fault.name for planned in self._planned}
        for name in [name for name in self._holds if name not in lasting]:
            self._holds.pop(name).set()

    def listed(self) -> list[dict[str, Any]]:
        """Every fault with how often it was met and done."""
        return [{"number": p.number, "seen": p.seen, "hit": p.hit, **p.fault.model_dump(mode="json")} for p in self._planned]

    def take(self, method: str, path: str, body: bytes) -> Fault | None:
        """The fault that this call meets, if any; it counts as done."""
        firm = next((p.fault for p in self._planned if not p.fault.yields and p.takes(method, path, body)), None)
        yielding = [p for p in self._planned if p.fault.yields]
        if firm is None:
            return next((p.fault for p in yielding if p.takes(method, path, body)), None)
        for planned in yielding:
            planned.sees(method, path, body)
        return firm

    async def held(self, name: str) -> None:
        """Wait until the hold of that name is released."""
        await self._holds.setdefault(name, asyncio.Event()).wait()

    def release(self, name: str) -> None:
        """Let go of the answers held under that name, now and later."""
        self._holds.setdefault(name, asyncio.Event()).set()
