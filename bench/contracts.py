"""Contracts that differ in nothing but a serial number, as the simulated vendors are seeded with them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rehearsal.deal import Deal, Line, Milestone, Party, Role
from rehearsal.record import Json
from rehearsal.systems.registry import SystemName
from rehearsal.world import World, merged

FIRST = 3_400_000  # seven digits: a part of every name below, and of the tax number, which has as many


def serials() -> Iterator[str]:
    """One serial number after another, always of the same length."""
    number = FIRST
    while True:
        number += 1
        yield str(number)


def contract(serial: str) -> str:
    """The contract's reference."""
    return f"B-{serial}"


def seeds(chosen: list[str]) -> dict[SystemName, Json]:
    """What the vendors hold of these contracts: quoted, won and signed, and nothing of them delivered yet."""
    world = World(deals={contract(serial): _deal(serial) for serial in chosen})
    found = world.seeds()
    for envelope in found["docusign"]["envelopes"].values():
        envelope["status"] = "completed"
    return found


def roomy(found: dict[SystemName, Json]) -> dict[SystemName, Json]:
    """The same with the vendors' limits out of the way: the bench measures us, not what is simulated."""
    limits: dict[SystemName, Any] = {"netsuite": {"account": {"concurrency_limit": 10_000}}}
    account = {"rate_limit": 10**9, "burst_limit": 10**9}
    limits["docusign"] = {"accounts": dict.fromkeys(found["docusign"]["accounts"], account)}
    limits["salesforce"] = {"_org": {"daily_limit": 10**9}}
    return {name: merged(seed, limits.get(name, {})) for name, seed in found.items()}


def _deal(serial: str) -> Deal:
    """A fixed fee with two milestones, and advice on time and materials, for a customer that no system knows yet."""
    customer = Party(
        name=f"Customer {serial}",
        legal_name=f"Customer {serial} Inc.",
        number=serial,
        tax_number=f"12-{serial}",
        state="IL",
    )
    milestones = (
        Milestone(milestone="M1", title="Design accepted", amount=Decimal(20_000)),
        Milestone(milestone="M2", title="Go-live", amount=Decimal(40_000)),
    )
    roles = {"Senior": Role(rate=Decimal(225), hours=Decimal(200)), "Consultant": Role(rate=Decimal(165), hours=Decimal(100))}
    lines = (
        Line(line="L1", workstream="WS-A", amount=Decimal(60_000), milestones=milestones),
        Line(line="L2", workstream="WS-B", sells="advisory", kind="time_and_materials", roles=roles),
    )
    return Deal(title=f"Rollout {serial}", customer=customer, lines=lines)
