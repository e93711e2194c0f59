"""From scenario files to stories: each variant is a story of its own, and every step and check knows its line."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from canonical.errors import Misconfigured
from policies.problem import Problem
from policies.reading import Document, read
from policies.shape import Path as Place
from policies.validation import problems_of
from rehearsal.overlay import OverlayName, changes_of
from rehearsal.scenario import Scenario
from rehearsal.world import merged

REMEDY = "Mend each of them; docs/reference/scenarios.md says what may stand where."
_GENERAL, _OF_ENTITY = "billing.general.", "billing.by_entity."
_SCHEMA_HINT = ("`handoff schema` lists", "docs/reference/scenarios.md lists")


class ScenarioRefused(Misconfigured):
    """Scenario files that cannot be played; every problem at once."""

    code = "SCENARIO_REFUSED"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        told = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"Scenario files cannot be played; {len(self.problems)} to mend:\n{told}", remedy=REMEDY)


@dataclass(frozen=True)
class Story:
    """A scenario, or one variant of it, ready to be played."""

    scenario: Scenario
    variant: str
    document: Document
    prefix: dict[str, Place]

    @property
    def name(self) -> str:
        """How it is called in results: S14, or S14 strict."""
        return f"{self.scenario.scenario} {self.variant}".strip()

    def over(self, overlay: OverlayName) -> "Story":
        """The same story, with the books of a legal entity in the overlay's real system.

        What the overlay decides itself (whose tax it is, say) is its own then; terms of billing that the story changes in general
        it changes in those too that the overlay gives the entity.
        """
        decided, own = changes_of(overlay), self.scenario.policies
        general = {path.removeprefix(_GENERAL): value for path, value in own.items() if path.startswith(_GENERAL)}
        policies = {path: value for path, value in own.items() if path not in decided}
        for terms in [path for path in decided if path.startswith(_OF_ENTITY)]:
            policies |= {f"{terms}.{path}": value for path, value in general.items()}
        return replace(self, scenario=self.scenario.model_copy(update={"overlay": overlay, "policies": policies}))

    def line(self, *place: str | int) -> int:
        """The line of the file on which something stands, such as ``"then", 2``."""
        whole = (*self.prefix.get(str(place[0]), (place[0],)), *place[1:])
        return self.document.problem(whole, "", "").line

    @property
    def file(self) -> str:
        """The file's name."""
        return self.document.name


def read_stories(paths: Iterable[Path]) -> list[Story]:
    """Every story of these files and folders, in the order of their names; refused with everything that is wrong."""
    problems: list[Problem] = []
    stories = [story for file in _files(paths) for story in _stories(file, problems)]
    if problems:
        raise ScenarioRefused(problems)
    return stories


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not inside or not all(file.is_file() for file in inside):
            raise Misconfigured(
                f"There is no scenario at {path}", remedy="Name a scenario file, or a folder with files that end in .yaml."
            )
        found += inside
    return list(dict.fromkeys(found))


def _stories(file: Path, problems: list[Problem]) -> list[Story]:
    document = read(file, str(file))
    problems += document.problems
    if document.content is None:
        return []
    scenario = _scenario(document, document.content, (), problems)
    if scenario is None:
        return []
    stories = [Story(scenario, "", document, {})]
    for number, variant in enumerate(scenario.variants):
        content, prefix = _varied(document.content, number)
        found = _scenario(document, content, ("variants", number), problems)
        if found is not None:
            stories.append(Story(found, variant.name, document, prefix))
    return stories


def _varied(content: dict[str, Any], number: int) -> tuple[dict[str, Any], dict[str, Place]]:
    """The scenario's content with the variant laid over it, and where the parts that it brings stand in the file."""
    given = content["variants"][number]
    own = {name: value for name, value in given.items() if name != "name"}
    whole = {name: value for name, value in content.items() if name != "variants"}
    for name, value in own.items():
        whole[name] = merged(whole.get(name, {}), value) if name in {"world", "policies"} else value
    return whole, {name: ("variants", number, name) for name in own if name in {"steps", "then"}}


def _scenario(document: Document, content: Any, prefix: Place, problems: list[Problem]) -> Scenario | None:
    try:
        return Scenario.model_validate(content)
    except ValidationError as error:
        found = list(problems_of(document, error))
        problems += [problem.model_copy(update={"remedy": problem.remedy.replace(*_SCHEMA_HINT)}) for problem in found]
        return None
