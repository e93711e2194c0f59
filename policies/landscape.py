"""The landscape: the firm's systems, and which of them serves a capability for whom from which date (DESIGN 8, R157)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import combinations
from typing import Any

from pydantic import Field

from canonical.landscape import Capability, Scope
from policies.shape import Flaw, Path, Shape

_REFERENCE = re.compile(r"^(env|file|vault):(.+)$", re.DOTALL)
_SECRET_NAME = re.compile(r"(^|_)(secret|password|passphrase|token|private_key|api_key|signing_key|connect_key)s?$")


class Budget(Shape):
    """How much of an account's limits is ours; ``reserved_calls`` of the concurrent ones are kept for urgent work."""

    concurrent_calls: int = Field(default=8, ge=1)
    reserved_calls: int = Field(default=0, ge=0)
    calls_per_second: int | None = Field(default=None, ge=1)


class System(Shape):
    """One account of a vendor. ``settings`` are the connector's own; secrets in them stand as references only."""

    vendor: str
    settings: dict[str, Any] = {}
    budget: Budget = Budget()


class SettingReference(Shape):
    """A setting that stands somewhere else: in the environment, a file or a secret store."""

    system: str
    setting: str
    scheme: str
    name: str


class Route(Shape):
    """Who serves some capabilities: for these entities, service lines and regions (empty: all); ``to`` is not included.

    ``system: null`` says that nobody does: an exception from a wider rule.
    """

    capabilities: tuple[Capability, ...] = Field(min_length=1)
    system: str | None
    entities: tuple[str, ...] = ()
    service_lines: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    from_date: date | None = Field(default=None, alias="from")
    to_date: date | None = Field(default=None, alias="to")

    def covers(self, capability: Capability, scope: Scope) -> bool:
        """Whether this rule speaks of the capability in that scope."""
        wanted = ((self.entities, scope.entity), (self.service_lines, scope.service_line), (self.regions, scope.region))
        return (
            capability in self.capabilities
            and all(not allowed or value in allowed for allowed, value in wanted)
            and self._first <= scope.service_date < self._end
        )

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """A rule that names entities beats one that names service lines, and that one beats one that names regions."""
        return bool(self.entities), bool(self.service_lines), bool(self.regions)

    def collides_with(self, other: "Route") -> bool:
        """Whether both could be asked about the same thing and neither is the more specific."""
        pairs = (
            (self.entities, other.entities),
            (self.service_lines, other.service_lines),
            (self.regions, other.regions),
            (self.capabilities, other.capabilities),
        )
        return (
            self.specificity == other.specificity
            and all(not mine or set(mine) & set(theirs) for mine, theirs in pairs)
            and self._first < other._end
            and other._first < self._end
        )

    @property
    def _first(self) -> date:
        return self.from_date or date.min

    @property
    def _end(self) -> date:
        return self.to_date or date.max


class OwnershipChoice(Shape):
    """Which ownership model holds, for all and by region (R4)."""

    default: str
    by_region: dict[str, str] = {}

    def model_for(self, region: str) -> str:
        """The model's name, which is its file's."""
        return self.by_region.get(region, self.default)


class Landscape(Shape):
    """All systems and who serves what. A capability that no rule covers is served by nobody, and is shown so."""

    systems: dict[str, System]
    serves: tuple[Route, ...]
    ownership: OwnershipChoice

    def system_for(self, capability: Capability, scope: Scope) -> str | None:
        """The system that serves it there and then: the most specific rule decides."""
        covering = [route for route in self.serves if route.covers(capability, scope)]
        return max(covering, key=lambda route: route.specificity).system if covering else None

    def serving(self, on: date) -> dict[Capability, tuple[str, ...]]:
        """For every capability the systems that serve it somewhere on that date; empty where nobody does."""
        return {
            capability: tuple(
                dict.fromkeys(
                    route.system
                    for route in self.serves
                    if route.system and capability in route.capabilities and route._first <= on < route._end
                )
            )
            for capability in Capability
        }

    def serving_of(self, capability: Capability, entities: Iterable[str], on: date) -> dict[str | None, tuple[str, ...]]:
        """By system the entities for which it serves the capability, in whatever region and service line; None: nobody does."""
        routes = [route for route in self.serves if capability in route.capabilities]
        regions = ["", *sorted({one for route in routes for one in route.regions})]
        lines = ["", *sorted({one for route in routes for one in route.service_lines})]
        found: dict[str | None, list[str]] = {}
        for entity in sorted(entities):
            scopes = [Scope(entity=entity, region=r, service_line=line, service_date=on) for r in regions for line in lines]
            systems: list[str | None] = [
                name for name in dict.fromkeys(self.system_for(capability, one) for one in scopes) if name
            ]
            for system in systems or [None]:
                found.setdefault(system, []).append(entity)
        return {system: tuple(served) for system, served in found.items()}

    def references(self) -> tuple[SettingReference, ...]:
        """Every setting that stands somewhere else; what it refers to is never read here."""
        return tuple(
            SettingReference(system=name, setting=".".join(map(str, path)), scheme=found[1], name=found[2])
            for name, system in self.systems.items()
            for path, value in _leaves(system.settings)
            if (found := _REFERENCE.match(str(value)))
        )

    def flaws(self, entities: frozenset[str]) -> Iterator[Flaw]:
        """Rules that name nothing, that are empty in time, that collide; secrets in the open."""
        for number, route in enumerate(self.serves):
            yield from self._route_flaws(("serves", number), route, entities)
        for (first, one), (second, other) in combinations(enumerate(self.serves), 2):
            if one.collides_with(other):
                yield Flaw(
                    ("serves", second),
                    f"overlaps serves[{first}]: both cover the same capability, scope and dates, and neither is more specific",
                    "End one where the other begins (to is not included), or narrow one to entities, service lines or regions.",
                )
        for name, system in self.systems.items():
            yield from _setting_flaws(("systems", name, "settings"), system.settings)
            if system.budget.reserved_calls >= system.budget.concurrent_calls:
                yield Flaw(
                    ("systems", name, "budget", "reserved_calls"),
                    "every concurrent call is reserved",
                    "Reserve fewer than concurrent_calls.",
                )

    def _route_flaws(self, path: Path, route: Route, entities: frozenset[str]) -> Iterator[Flaw]:
        if route.system is not None and route.system not in self.systems:
            yield Flaw((*path, "system"), f"there is no system {route.system!r}", f"Use one of {_listed(self.systems)}.")
        if route._end <= route._first:
            yield Flaw((*path, "to"), "the rule ends before it begins", "Give a to that is later than from.")
        for number, entity in enumerate(route.entities):
            if entity not in entities:
                yield Flaw((*path, "entities", number), f"there is no entity {entity!r}", "Name an entity of entities.yaml.")


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names))


def _leaves(settings: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    match settings:
        case Mapping():
            for key, value in settings.items():
                yield from _leaves(value, (*path, str(key)))
        case list() | tuple():
            for number, value in enumerate(settings):
                yield from _leaves(value, (*path, number))
        case _:
            yield path, settings


def _setting_flaws(path: Path, settings: Mapping[str, Any]) -> Iterator[Flaw]:
    for inner, value in _leaves(settings):
        text = str(value)
        names = [step for step in inner if isinstance(step, str)]
        if "${" in text:
            yield Flaw((*path, *inner), "${...} is not replaced in policy files", "Write env:NAME as the whole value.")
        elif value is not None and names and _SECRET_NAME.search(names[-1]) and not _REFERENCE.match(text):
            yield Flaw((*path, *inner), "a secret stands here in the open", "Write env:NAME or file:PATH, and change the secret.")
