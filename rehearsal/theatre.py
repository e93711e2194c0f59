"""A stage that is a whole stack of its own, Web UI included, for telling rather than for testing."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger.migrations.run import upgrade
from rehearsal.accounts import Accounts
from rehearsal.overrides import copy_changed
from rehearsal.player import Tell
from rehearsal.real import Standing
from rehearsal.stage import SUBJECT, Stage
from rehearsal.systems.registry import SYSTEMS
from rehearsal.vendors import Vendors
from rehearsal.world import World
from runtime.api_keys import ApiKeys
from runtime.codec import KeyRing
from runtime.embedded.plan import ROOT, Plan
from runtime.embedded.stack import Stack
from workflows.search_attributes import TYPES

DEMO = ROOT / "policies" / "demo"


@asynccontextmanager
async def theatre(
    home: Path,
    *,
    well_known_ports: bool,
    tell: Tell,
    standing: Standing | None = None,
    changes: Mapping[str, Any] | None = None,
) -> AsyncIterator[Stage]:
    """Everything started in this folder; it ends with the block. What stands there already is part of the stage.

    ``changes`` are made to the policies, over those of what stands there.
    """
    accounts, key, standing = Accounts.fresh(), ApiKeys(home / "api-keys.json").issue(SUBJECT), standing or Standing()
    standing = replace(standing, changes={**standing.changes, **(changes or {})})
    plan = _plan(home, accounts, standing, well_known_ports=well_known_ports)
    async with (
        Vendors({**{name: plan.url_of(name) for name in SYSTEMS}, **standing.addresses}) as vendors,
        Stack(plan, tell=tell) as stack,
    ):
        stage = Stage(stack, vendors, accounts, stack.owner_dsn or "", key, kept_in=standing.kept_in)
        await stage.begin(World())
        yield stage


def _plan(home: Path, accounts: Accounts, standing: Standing, *, well_known_ports: bool) -> Plan:
    keyring = home / "keyring.json"
    KeyRing.rotate(keyring)
    return Plan(
        home=home,
        vendors=tuple(SYSTEMS),
        search_attributes=TYPES,
        migrate=lambda dsn: upgrade(dsn, clock_moves=True),
        policies=copy_changed(DEMO, home / "policies", standing.changes),
        keyring=keyring,
        environment={
            **accounts.environment,
            **standing.environment,
            "HANDOFF_GATEWAY__KEYS": str((home / "api-keys.json").resolve()),
        },
        lasting=False,
        well_known_ports=well_known_ports,
    )
