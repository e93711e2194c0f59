"""What no file can know alone: that the names one uses are defined in another, and that nothing is left to nobody."""

from collections.abc import Iterable, Iterator
from typing import TypedDict

from canonical.errors import Failure
from policies.access import Access
from policies.billing import Billing
from policies.contracts import Contracts
from policies.entities import Entities
from policies.exceptions import Exceptions
from policies.landscape import Landscape
from policies.ownership import Ownership
from policies.revenue import Revenue
from policies.shape import Flaw, under

Located = tuple[str, Flaw]
_NOT_OURS = frozenset({"POLICY_REFUSED"})


class Parts(TypedDict):
    """The files as models; None for one that is not well formed, whose names nobody can be blamed for not knowing."""

    landscape: Landscape | None
    entities: Entities | None
    contracts: Contracts | None
    exceptions: Exceptions | None
    access: Access | None
    revenue: Revenue | None
    billing: Billing | None
    ownership: dict[str, Ownership | None]


class _Anything(frozenset[str]):
    """Stands for the names of a file that could not be read: no name is unknown."""

    def __contains__(self, name: object) -> bool:
        return True


def cross_flaws(parts: Parts) -> Iterator[Located]:
    """Everything wrong beyond the form of single files, with the file it stands in."""
    access, entities, revenue = parts["access"], parts["entities"], parts["revenue"]
    roles = access.role_names if access else _Anything()
    codes = entities.codes if entities else _Anything()
    treatments = revenue.treatments if revenue else _Anything()
    for file, flaws in _by_file(parts, roles, codes, treatments):
        yield from ((file, flaw) for flaw in flaws)


def _by_file(
    parts: Parts, roles: frozenset[str], entities: frozenset[str], treatments: frozenset[str]
) -> Iterator[tuple[str, Iterable[Flaw]]]:
    if parts["landscape"]:
        yield "landscape", parts["landscape"].flaws(entities)
        yield "landscape", _ownership_choice(parts["landscape"], parts["ownership"])
    if parts["entities"]:
        yield "entities", parts["entities"].flaws(roles)
    if parts["contracts"]:
        yield "contracts", parts["contracts"].flaws(roles, entities, treatments)
    if parts["exceptions"]:
        yield "exceptions", parts["exceptions"].flaws(roles, entities)
    if parts["access"]:
        yield "access", parts["access"].flaws()
        yield "access", _nobody_settles(parts["access"], _codes(parts["exceptions"]))
    if parts["revenue"]:
        yield "revenue", parts["revenue"].flaws()
    if parts["billing"]:
        yield "billing", parts["billing"].flaws(entities)
    for name, model in parts["ownership"].items():
        if model:
            yield f"ownership/{name}", model.flaws()


def _ownership_choice(landscape: Landscape, models: dict[str, Ownership | None]) -> Iterator[Flaw]:
    choice = landscape.ownership
    known = ", ".join(sorted(models)) or "none yet: write one under ownership/"
    named: list[tuple[tuple[str, ...], str]] = [(("default",), choice.default)]
    named += [(("by_region", region), model) for region, model in choice.by_region.items()]
    for path, model in named:
        if model not in models:
            yield from under([Flaw(path, f"there is no ownership model {model!r}", f"Use one of {known}.")], "ownership")


def _codes(exceptions: Exceptions | None) -> frozenset[str]:
    """Every code that can occur: those with a rule, and those of the named failures."""
    own = (code for version in exceptions.versions for code in version.codes) if exceptions else ()
    return frozenset(own) | failure_codes()


def _nobody_settles(access: Access, codes: frozenset[str]) -> Iterator[Flaw]:
    for number, version in enumerate(access.versions):
        for code in sorted(codes):
            if not version.may_settle(version.roles, code):
                yield Flaw(
                    ("versions", number, "code_groups"),
                    f"nobody may settle {code}",
                    "Put the code (or '*') into a group that some role settles.",
                )


def failure_codes() -> frozenset[str]:
    """The code of every named failure."""
    kinds: list[type[Failure]] = [Failure]
    codes: set[str] = set()
    while kinds:
        kind = kinds.pop()
        codes.add(kind.code)
        kinds += kind.__subclasses__()
    return frozenset(codes) - _NOT_OURS
