"""The simulated vendors as a rehearsal directs them, over their control paths; never their own interfaces."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self

import httpx2 as httpx

from rehearsal.record import Json
from rehearsal.systems.registry import KNOWN, SystemName

_PATIENT = 300.0  # 500 deliveries one after another take long on a busy machine


class VendorAway(Exception):
    """A simulated vendor did not do what the story's direction asked of it."""


class Vendor:
    """One simulated system."""

    def __init__(self, name: SystemName, http: httpx.AsyncClient) -> None:
        self.name, self._http = name, http

    async def reset(self) -> None:
        """As new."""
        await self._ask("POST", "reset")

    async def seed(self, world: Json) -> None:
        """Add records."""
        if world:
            await self._ask("POST", "seed", world)

    async def state(self) -> Json:
        """All it holds."""
        found: Json = await self._ask("GET", "state")
        return found

    async def calls(self) -> list[Json]:
        """Every call it saw, oldest first."""
        found: list[Json] = await self._ask("GET", "calls")
        return found

    async def add_fault(self, fault: Json) -> int:
        """Put a fault in force; answers its number."""
        return int((await self._ask("POST", "faults", fault))["numbers"][0])

    async def faults(self) -> list[Json]:
        """Those in force, with how often each was met."""
        found: list[Json] = await self._ask("GET", "faults")
        return found

    async def lift(self) -> None:
        """No more faults; held answers go out."""
        await self._ask("DELETE", "faults")

    async def release(self, name: str) -> None:
        """Let the answers go that are held under this name."""
        await self._ask("POST", f"holds/{name}/release")

    async def behave(self, **manners: Any) -> None:
        """How its webhooks are delivered from now on."""
        await self._ask("PUT", "deliveries", manners)

    async def deliveries(self) -> list[Json]:
        """What it sent, with the answers."""
        found: list[Json] = (await self._ask("GET", "deliveries"))["sent"]
        return found

    async def deliver_again(self, label: str, times: int, concurrent: int) -> int:
        """Send again what was sent under this label."""
        wanted = {"times": times, "concurrent": concurrent, "label": label}
        return int((await self._ask("POST", "deliveries/again", wanted))["sent"])

    async def flush(self) -> int:
        """Send what was held back, in its shuffled order."""
        return int((await self._ask("POST", "deliveries/flush"))["sent"])

    async def set_clock(self, ahead: timedelta) -> None:
        """How far its clock is ahead of the machine's."""
        await self._ask("PUT", "clock", {"offset_seconds": ahead.total_seconds()})

    async def get(self, path: str) -> Json:
        """What a control path of its own tells."""
        found: Json = await self._ask("GET", path)
        return found

    async def put(self, path: str, body: Json) -> Json:
        """A control path of its own that sets something, such as ``netsuite/periods``."""
        found: Json = await self._ask("PUT", path, body)
        return found

    async def post(self, path: str, body: Json) -> Json:
        """A control path of its own, such as ``envelopes/ID/sign``."""
        found: Json = await self._ask("POST", path, body)
        return found

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        try:
            answer = await self._http.request(method, f"/_sandbox/{path}", content=_json(body))
        except httpx.HTTPError as lost:
            raise VendorAway(f"the simulated {self.name} did not answer {method} {path}: {type(lost).__name__}") from lost
        if answer.status_code >= 400:
            raise VendorAway(f"the simulated {self.name} refused {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()


class Vendors:
    """All of them."""

    def __init__(self, addresses: Mapping[SystemName, str]) -> None:
        fresh = httpx.Limits(max_keepalive_connections=0)  # a kept connection may be closed just as it is used again
        trusted = httpx.create_ssl_context(trust_env=False)  # once for all of them: to read the authorities takes a while
        self._clients = {
            name: httpx.AsyncClient(base_url=url, timeout=_PATIENT, trust_env=False, limits=fresh, verify=trusted)
            for name, url in addresses.items()
        }
        self.by_name: dict[SystemName, Vendor] = {name: Vendor(name, self._clients[name]) for name in KNOWN if name in addresses}

    def __getitem__(self, name: SystemName) -> Vendor:
        if name not in self.by_name:
            raise VendorAway(f"{name} is not on this stage; a scenario that speaks of it must say 'overlay: {name}'")
        return self.by_name[name]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))

    async def begin(self, *seeds: Mapping[SystemName, Json]) -> None:
        """Everything as new, then these seeds one after another."""
        of = {name: [seed.get(name, {}) for seed in seeds] for name in self.by_name}
        await asyncio.gather(*(self._begin(vendor, of[name]) for name, vendor in self.by_name.items()))

    async def set_clocks(self, ahead: timedelta) -> None:
        """Move every vendor's clock."""
        await asyncio.gather(*(vendor.set_clock(ahead) for vendor in self.by_name.values()))

    async def lift(self) -> None:
        """No more faults anywhere."""
        await asyncio.gather(*(vendor.lift() for vendor in self.by_name.values()))

    @staticmethod
    async def _begin(vendor: Vendor, seeds: list[Json]) -> None:
        await vendor.reset()
        for seed in seeds:
            await vendor.seed(seed)


def _json(body: Any) -> str | None:
    """A scenario file writes dates as dates; vendors are told them as text."""
    return None if body is None else json.dumps(body, default=str)
