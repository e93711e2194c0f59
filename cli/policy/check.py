"""`handoff policy check`: every mistake in the policy files at once, with file, line and remedy; and what systems cannot do."""

import typer
from pydantic import BaseModel

from cli.output import JsonOption, output
from cli.policy.folder import FolderArgument, chosen
from connectors.registry import vendor
from policies.firm import Policies
from policies.landscape import Landscape
from policies.loading import check as problems_of
from policies.loading import load
from policies.problem import Problem


class Gap(BaseModel):
    """What a system cannot do of a capability that it serves, and what happens instead."""

    capability: str
    system: str
    entities: list[str] = []
    says: str

    def __str__(self) -> str:
        """As one line."""
        return f"NOT_SERVED {self.capability} of {', '.join(self.entities) or 'every entity'}: {self.system} {self.says}"


class Checked(BaseModel):
    """What the check found; without problems, the version of the policies and what its systems cannot do."""

    folder: str
    version: str = ""
    problems: list[Problem] = []
    not_served: list[Gap] = []


def check(folder: FolderArgument = None, json: JsonOption = False) -> None:
    """Check the firm's policy files: file, line and remedy of each mistake."""
    with output(json) as out:
        place = chosen(folder)
        problems = problems_of(place)
        out.show(Checked(folder=str(place), problems=problems) if problems else _usable(str(place), load(place)), _told)
        if problems:
            raise typer.Exit(1)


def _usable(folder: str, firm: Policies) -> Checked:
    return Checked(folder=folder, version=firm.version, not_served=_gaps(firm.landscape))


def _gaps(landscape: Landscape) -> list[Gap]:
    """Of every route, whenever it holds."""
    return [
        Gap(capability=capability.value, system=route.system, entities=list(route.entities), says=says)
        for route in landscape.serves
        if route.system
        for capability in route.capabilities
        for says in vendor(landscape.systems[route.system].vendor).partly.get(capability, ())
    ]


def _told(checked: Checked) -> str:
    if not checked.problems:
        usable = f"The policies in {checked.folder} can be used; their version is {checked.version}."
        return "\n".join([*map(str, checked.not_served), usable])
    told = [str(problem) for problem in checked.problems]
    return "\n".join([*told, f"{len(told)} to correct in {checked.folder}; then run `handoff policy check` again."])
