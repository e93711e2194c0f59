"""A scenario: its world, its steps, what must hold then, and its variants; published as a JSON Schema."""

from typing import Any, Literal

from pydantic import Field

from policies.shape import Shape
from rehearsal.check import Check
from rehearsal.overlay import OverlayName
from rehearsal.step import Step
from rehearsal.world import World

HardKind = Literal["twice", "shuffled", "killed"]


class Variant(Shape):
    """The same story told otherwise: policies and world are laid over those of the scenario, steps and checks replace its own."""

    name: str = Field(min_length=1)
    title: str = ""
    policies: dict[str, Any] = {}
    world: World = World()
    steps: tuple[Step, ...] | None = None
    then: tuple[Check, ...] | None = None
    explains: dict[str, str] | None = None
    spares: dict[HardKind, str] | None = None


class Scenario(Shape):
    """One story. Besides what it checks itself it must keep the universal assertions (docs/reference/scenarios.md)."""

    scenario: str = Field(min_length=1, description="its id, such as S14")
    title: str = Field(min_length=1)
    story: str = ""
    covers: tuple[str, ...] = Field(default=(), description="the requirements it shows")
    overlay: OverlayName | None = Field(
        default=None, description="a file of policies/overlays, laid over the policies; its real system is on the stage then"
    )
    policies: dict[str, Any] = Field(
        default={}, description="changes to a copy of the policies, as a dotted path from the file's name and the new value"
    )
    world: World = World()
    steps: tuple[Step, ...] = Field(min_length=1)
    then: tuple[Check, ...] = Field(min_length=1)
    variants: tuple[Variant, ...] = ()
    explains: dict[str, str] = Field(
        default={}, description="codes of exceptions that may happen besides those that are checked, each with the reason"
    )
    spares: dict[HardKind, str] = Field(default={}, description="hard variants that make no sense here, each with the reason")


def schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Scenario.model_json_schema()}
