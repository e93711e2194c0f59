"""The stage: servers that a whole run shares, and for each story a database, an engine, a gateway and a worker of its own."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from ledger.migrations.run import upgrade
from rehearsal.accounts import Accounts
from rehearsal.overlay import OverlayName
from rehearsal.overrides import copy_changed
from rehearsal.real import RealSystems, Standing
from rehearsal.systems.registry import SYSTEMS, SystemName
from rehearsal.vendors import Vendors
from rehearsal.world import World
from runtime.api_keys import ApiKeys
from runtime.codec import KeyRing
from runtime.embedded.plan import Existing, Part, Plan
from runtime.embedded.postgres import APP
from runtime.embedded.process import PartFailed
from runtime.embedded.stack import Stack
from runtime.settings import Settings
from workflows.search_attributes import TYPES

TEMPLATE = "handoff_template"
SUBJECT = "handoff-cli"
_OURS = frozenset({Part.TEMPORAL, Part.GATEWAY, Part.WORKER})


@dataclass
class Stage:
    """One story's surroundings: our programs, the vendors they talk to, and the settings by which both are reached."""

    stack: Stack
    vendors: Vendors
    accounts: Accounts
    owner_dsn: str
    api_key: str
    ahead: timedelta = timedelta()
    kept_in: Mapping[str, SystemName] = field(default_factory=dict)
    _control: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def gateway(self) -> str:
        """Where deliveries go."""
        return self.stack.plan.url_of("gateway")

    async def crash_worker(self) -> None:
        """Kill -9."""
        async with self._control:
            self.stack.kill_hard(Part.WORKER)

    async def bring_up(self, part: Part = Part.WORKER) -> None:
        """Start it again, if it is not there."""
        async with self._control:
            if not self.stack.processes[part].running:
                await self.stack.start(part)

    async def begin(self, world: World) -> None:
        """The vendors as the world says."""
        await self.vendors.begin(self.accounts.seeds(self.gateway), world.seeds())


class Servers:
    """PostgreSQL with a migrated template, and the simulated vendors; ``async with`` starts and ends them."""

    def __init__(self, home: Path, real: RealSystems) -> None:
        self.home, self._real = home.resolve(), real
        self.accounts = Accounts.fresh()
        self._stack = Stack(_servers(self.home / "servers"))
        self._number = 0

    async def __aenter__(self) -> "Servers":
        await self._stack.__aenter__()
        try:
            dsn = await self._stack.postgres.create_database(TEMPLATE)
            await upgrade(dsn, clock_moves=True)
        except BaseException:
            await self._stack.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.stop()

    @asynccontextmanager
    async def stage(
        self, policies: Path, changes: Mapping[str, Any], world: World, *, overlay: OverlayName | None = None
    ) -> AsyncIterator[Stage]:
        """A stage for one story: everything of ours is new, the vendors hold this world and nothing else."""
        async with self._real.standing(overlay) as standing, self._set(policies, changes, standing) as stage:
            await stage.begin(world)
            yield stage

    @asynccontextmanager
    async def _set(self, policies: Path, changes: Mapping[str, Any], standing: Standing) -> AsyncIterator[Stage]:
        self._number += 1
        home, database = self.home / f"story-{self._number}", f"story_{self._number}"
        owner_dsn = await self._stack.postgres.clone_database(TEMPLATE, database)
        app_dsn = self._stack.postgres.dsn(database, role=APP)
        simulated = {name: self._stack.plan.url_of(name) for name in SYSTEMS}
        environment = {f"HANDOFF_SANDBOX_{name.upper()}_URL": url for name, url in simulated.items()}
        programs = partial(
            _programs,
            home,
            policies=copy_changed(policies, home / "policies", {**standing.changes, **changes}),
            existing=Existing(dsn=app_dsn, owner_dsn=owner_dsn),
            environment={**self.accounts.environment, **environment, **standing.environment},
        )
        key = ApiKeys(home / "api-keys.json").issue(SUBJECT)
        try:
            async with Vendors({**simulated, **standing.addresses}) as vendors, _running(programs) as stack:
                yield Stage(stack, vendors, self.accounts, owner_dsn, key, kept_in=standing.kept_in)
        finally:
            await self._stack.postgres.drop_database(database)

    def forget(self) -> None:
        """Remove what the stories left on disk."""
        shutil.rmtree(self.home, ignore_errors=True)


@asynccontextmanager
async def _running(plan: Callable[[], Plan]) -> AsyncIterator[Stack]:
    """The stack of a plan; where a part does not start, once more on other ports: another lane may have taken one meanwhile."""
    stack = Stack(plan())
    try:
        await stack.__aenter__()
    except PartFailed:
        stack = Stack(plan())
        await stack.__aenter__()
    try:
        yield stack
    finally:
        await stack.stop()


def _servers(home: Path) -> Plan:
    return Plan(
        home=home,
        parts=frozenset({Part.POSTGRES, Part.SANDBOX}),
        vendors=tuple(SYSTEMS),
        lasting=False,
        well_known_ports=False,
    )


def _programs(home: Path, *, policies: Path, existing: Existing, environment: Mapping[str, str]) -> Plan:
    keyring = home / "keyring.json"
    KeyRing.rotate(keyring)
    return Plan(
        home=home,
        parts=_OURS,
        search_attributes=TYPES,
        policies=policies,
        keyring=keyring,
        environment={**environment, "HANDOFF_GATEWAY__KEYS": str(home / "api-keys.json")},
        lasting=False,
        well_known_ports=False,
        web_ui=False,
        existing=existing,
    )


def settings_in(environment: Mapping[str, str]) -> Settings:
    """The settings of a stage, as any command finds them in its environment; what stands in ours counts for nothing."""
    before = {name: value for name, value in os.environ.items() if name.startswith("HANDOFF_")}
    for name in before:
        del os.environ[name]
    os.environ.update(environment)
    try:
        return Settings()
    finally:
        for name in environment:
            os.environ.pop(name, None)
        os.environ.update(before)
