"""A target that remembers what it was sent and can be told to fail, one word a call."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn

from canonical.errors import (
    AnswerLost,
    Conflict,
    Misconfigured,
    NotReached,
    Rejected,
    RuleBroken,
    Throttled,
    Unavailable,
)
from canonical.provenance import Origin, Write
from canonical.written import Declaration, Written

ORIGIN = Origin(correlation="C-100", engagement="C-100", actor="handoff", workflow="provision_project/C-100", step="psa")

NOT_DONE: dict[str, Callable[[], Exception]] = {
    "throttled": lambda: Throttled("too many requests", retry_after=timedelta(seconds=3)),
    "not_reached": lambda: NotReached("nothing listens"),
    "rejected": lambda: Rejected("the customer is blocked"),
    "misconfigured": lambda: Misconfigured("the key has expired"),
    "broken_request": lambda: Unavailable("503 before it was carried out"),
    "lost_request": lambda: AnswerLost("the connection broke before they read it"),
    "rule_broken": lambda: RuleBroken("debits and credits differ"),
    "bug": lambda: KeyError("a field nobody thought of"),
}
DONE: dict[str, Callable[[], Exception]] = {
    "lost": lambda: AnswerLost("no answer within 60 s"),
    "bad_gateway": lambda: Unavailable("502"),
    "bug_after": lambda: KeyError("a field nobody thought of"),
}


def declared(*, visible_after: float = 0.0, times_out: float = 0.0, searchable: bool = True) -> Declaration:
    """What the target says of itself, short enough for tests."""
    return Declaration(
        kind="project",
        searchable_key="external_id" if searchable else None,
        visibility_delay=timedelta(seconds=visible_after),
        upstream_timeout=timedelta(seconds=times_out),
    )


def a_write(key: str = "create_project/C-100", **changed: object) -> Write:
    """A write to the target; kind and reference follow the key."""
    verb, reference = key.split("/", 1)
    fields = {"key": key, "kind": verb.split("_", 1)[-1], "reference": reference, "system": "psa", "origin": ORIGIN}
    return Write.model_validate({**fields, **changed})


@dataclass
class Target:
    """Records by our key; ``faults`` says how each coming call ends, ``hidden`` how many look-ups still see nothing."""

    faults: list[str] = field(default_factory=list)
    hidden: int = 0
    records: dict[str, list[str]] = field(default_factory=dict)
    calls: int = 0
    looks: int = 0
    gate: asyncio.Event | None = None
    is_called: asyncio.Event = field(default_factory=asyncio.Event)

    def call(self, key: str) -> Callable[[], Awaitable[Written]]:
        async def create() -> Written:
            self.calls += 1
            self.is_called.set()
            fault = self.faults.pop(0) if self.faults else ""
            if self.gate is not None:
                await self.gate.wait()
            if fault in NOT_DONE:
                self._fail(NOT_DONE[fault]())
            if fault == "conflict" or (fault == "conflict_if_there" and key in self.records):
                self._fail(Conflict("they hold it already"))
            made = self._make(key)
            if fault in DONE:
                self._fail(DONE[fault]())
            return made

        return create

    def look_up(self, key: str) -> Callable[[], Awaitable[Written | None]]:
        async def find() -> Written | None:
            self.looks += 1
            if self.hidden:
                self.hidden -= 1
                return None
            made = self.records.get(key)
            return Written(target_id=made[0], number=f"N-{made[0]}") if made else None

        return find

    def _make(self, key: str) -> Written:
        made = self.records.setdefault(key, [])
        made.append(f"{key.replace('/', '-')}-{len(made) + 1}")
        return Written(target_id=made[-1], number=f"N-{made[-1]}", url=f"https://psa.example/{made[-1]}")

    def _fail(self, failure: Exception) -> NoReturn:
        raise failure
