"""Escalation: who is told next when nobody has acted, after how many business hours; it always ends with somebody."""

from collections.abc import Iterator
from decimal import Decimal

from pydantic import Field

from policies.shape import Flaw, Path, Shape


class Step(Shape):
    """One step: the role that is told, counted in business hours from the opening."""

    after_hours: Decimal = Field(gt=0)
    to: str


Chain = tuple[Step, ...]


def chain_flaws(path: Path, owner: str, chain: Chain, roles: frozenset[str]) -> Iterator[Flaw]:
    """The owner and everybody told exist; each step is later than the last and tells somebody new, so that the chain ends."""
    if owner not in roles:
        yield Flaw((*path, "owner"), f"there is no role {owner!r}", "Name a role of access.yaml.")
    told = {owner}
    for number, step in enumerate(chain):
        where: Path = (*path, "escalation", number)
        if step.to not in roles:
            yield Flaw((*where, "to"), f"there is no role {step.to!r}", "Name a role of access.yaml.")
        if step.to in told:
            yield Flaw((*where, "to"), f"{step.to} was told already: this goes in a circle", "Name somebody further up.")
        if number and step.after_hours <= chain[number - 1].after_hours:
            yield Flaw((*where, "after_hours"), "this step is not later than the last", "Put the steps in order of time.")
        told.add(step.to)
