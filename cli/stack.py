"""The plan of a stack on this machine, with the simulated firm: keys, accounts, database and vendors are ready when it runs."""

import os
from collections.abc import Iterable
from pathlib import Path

from ledger.migrations.run import upgrade
from rehearsal.accounts import Accounts
from rehearsal.systems.registry import SYSTEMS
from rehearsal.vendors import Vendors
from rehearsal.world import World
from runtime.api_keys import ApiKeys
from runtime.codec import KeyRing
from runtime.embedded.plan import ROOT, Existing, Part, Plan
from runtime.embedded.temporal import NAMESPACE
from workflows.search_attributes import TYPES

DEMO = ROOT / "policies" / "demo"
LOCAL = "handoff-cli"
"""The subject of the API key that the first start issues."""


def plan_of_this_machine(
    home: Path,
    *,
    parts: Iterable[Part] = tuple(Part),
    vendors: bool = True,
    existing: Existing = Existing(),
    policies: Path | None = None,
    namespace: str = NAMESPACE,
    lasting: bool = True,
    well_known_ports: bool = True,
) -> Plan:
    """Everything that a stack in ``home`` needs; what its first start makes is kept there for the next."""
    accounts = Accounts.kept_in(home / "vendors.json") if vendors else None

    async def prepare(owner_dsn: str) -> None:
        """When the servers run and before our programs do."""
        await upgrade(owner_dsn, clock_moves=vendors)
        if accounts and plan.has(Part.SANDBOX):
            await open_accounts(plan, accounts)

    plan = Plan(
        home,
        parts=frozenset(parts),
        vendors=tuple(SYSTEMS) if vendors else (),
        search_attributes=TYPES,
        migrate=prepare,
        policies=policies or DEMO,
        keyring=key_ring(home),
        environment={**(accounts.environment if accounts else {}), "HANDOFF_GATEWAY__KEYS": str(api_keys(home))},
        lasting=lasting,
        well_known_ports=well_known_ports,
        existing=existing,
        namespace=namespace,
    )
    return plan


async def open_accounts(plan: Plan, accounts: Accounts) -> None:
    """Give the firm its account at every simulated vendor; what earlier runs left there stays."""
    ours, firm = accounts.seeds(plan.url_of("gateway")), World().seeds()
    async with Vendors({name: plan.url_of(name) for name in SYSTEMS}) as vendors:
        for name in SYSTEMS:
            await vendors[name].seed(ours[name])
            await vendors[name].seed(firm[name])


def key_ring(home: Path) -> Path:
    """The ring that encrypts payloads: the one that settings name, or one of this folder; made at the first time."""
    named = os.environ.get("HANDOFF_KEYRING")
    file = Path(named) if named else home / "keyring.json"
    if not file.exists():
        KeyRing.rotate(file)
    return file


def api_keys(home: Path) -> Path:
    """The file of API keys' hashes."""
    named = os.environ.get("HANDOFF_GATEWAY__KEYS")
    return (Path(named) if named else home / "api-keys.json").resolve()


def first_api_key(home: Path) -> str | None:
    """A key for the process API at the very first start; later ones are issued by `handoff keys issue`."""
    file = api_keys(home)
    return None if file.exists() else ApiKeys(file).issue(LOCAL)
