"""The real systems that stories may ask for: prepared when the first story wants one, each story with a fresh one of its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self

from rehearsal.overlay import OverlayName, changes_of, kept_in
from rehearsal.systems.registry import SystemName
from rehearsal.tryton.relay import Relay
from runtime.embedded.tryton.server import Host, Tryton, hosted
from sandbox.serve import serving

HOME = Path(".handoff") / "tryton"


@dataclass(frozen=True)
class Standing:
    """What an overlay puts on a stage: systems by the address of their relay, settings, and changes to the policies."""

    addresses: Mapping[SystemName, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    """Where people sign in, by what it is."""
    kept_in: Mapping[str, SystemName] = field(default_factory=dict)
    """The legal entities whose books are in a real system, with its name."""


class RealSystems:
    """``async with`` ends what was started; a host that is there already may be given."""

    def __init__(self, home: Path = HOME, *, host: Host | None = None) -> None:
        self._home, self._host = home, host
        self._started, self._lock, self._numbers = AsyncExitStack(), asyncio.Lock(), count(1)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._started.aclose()

    @asynccontextmanager
    async def standing(self, overlay: OverlayName | None) -> AsyncIterator[Standing]:
        """For one story; without an overlay there is nothing."""
        if overlay is None:
            yield Standing()
            return
        host, changes = await self._ready(), changes_of(overlay)
        entities = kept_in(changes)
        async with host.serving(f"story_{next(self._numbers)}") as tryton, _relayed(tryton, *entities) as url:
            yield Standing(
                addresses={"tryton": url},
                environment=_settings(tryton, url),
                changes=changes,
                kept_in=entities,
                people={"tryton": f"{tryton.url}, database {tryton.database}, user {tryton.login}"},
            )

    async def _ready(self) -> Host:
        async with self._lock:
            if self._host is None:
                self._host = await self._started.enter_async_context(hosted(self._home))
            return self._host


@asynccontextmanager
async def _relayed(tryton: Tryton, entity: str) -> AsyncIterator[str]:
    relay = Relay(tryton, entity)
    try:
        async with serving(relay) as server:
            yield server.url
    finally:
        await relay.aclose()


def _settings(tryton: Tryton, url: str) -> dict[str, str]:
    return {
        "HANDOFF_TRYTON_URL": url,
        "HANDOFF_TRYTON_DATABASE": tryton.database,
        "HANDOFF_TRYTON_LOGIN": tryton.login,
        "HANDOFF_TRYTON_PASSWORD": tryton.passwords.integration,
    }
