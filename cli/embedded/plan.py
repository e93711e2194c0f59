"""The plan of a stack on this machine, with the simulated firm: keys, accounts, database and vendors are ready when it runs."""

import os
from collections.abc import Iterable
from pathlib import Path

from cli.embedded.accounts import Accounts, seed
from runtime.api_keys import ApiKeys
from runtime.codec import KeyRing
from runtime.embedded.plan import ROOT, Existing, Part, Plan
from runtime.embedded.temporal import NAMESPACE

VENDORS = ("salesforce", "docusign", "kantata", "netsuite", "sharepoint")
DEMO = ROOT / "policies" / "demo"
LOCAL = "handoff-cli"
"""The subject of the API key that the first start issues."""


def embedded_plan(
    home: Path,
    *,
    lasting: bool = True,
    well_known_ports: bool = True,
    web_ui: bool = True,
    parts: Iterable[Part] = tuple(Part),
    vendors: bool = True,
    existing: Existing = Existing(),
    policies: Path | None = None,
    namespace: str = NAMESPACE,
) -> Plan:
    """Everything that a stack in ``home`` needs; what the first start makes is made here, and kept for the next."""
    from ledger.migrations.run import upgrade
    from workflows.search_attributes import TYPES

    accounts = Accounts.kept_in(home / "vendors.json")

    async def prepare(owner_dsn: str) -> None:
        """When the servers run and before our programs do: the schema, and the firm's accounts at the vendors."""
        await upgrade(owner_dsn, clock_moves=vendors)
        await seed_accounts(plan, accounts)

    plan = Plan(
        home,
        parts=frozenset(parts),
        vendors=VENDORS if vendors else (),
        search_attributes=TYPES,
        migrate=prepare,
        policies=policies or DEMO,
        keyring=key_ring(home),
        environment={**(accounts.environment() if vendors else {}), "HANDOFF_GATEWAY__KEYS": str(api_keys(home))},
        lasting=lasting,
        well_known_ports=well_known_ports,
        web_ui=web_ui,
        existing=existing,
        namespace=namespace,
    )
    return plan


async def seed_accounts(plan: Plan, accounts: Accounts | None = None) -> None:
    """Give every simulated vendor the firm's account, again after a reset."""
    kept = accounts or Accounts.kept_in(plan.home / "vendors.json")
    addresses = {name: plan.url_of(name) for name in plan.vendors if plan.has(Part.SANDBOX)}
    await seed(addresses, kept.worlds(plan.url_of("gateway")))


def key_ring(home: Path) -> Path:
    """The ring that encrypts payloads: the one that settings name, or one of this folder, made at the first time."""
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
