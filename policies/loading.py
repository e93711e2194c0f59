"""From a folder of YAML to Policies: every problem of every file at once, each with its place and remedy."""

import difflib
import hashlib
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from canonical.errors import Misconfigured
from policies.access import Access
from policies.billing import Billing
from policies.contracts import Contracts
from policies.cross_check import Parts, cross_flaws
from policies.entities import Entities
from policies.exceptions import Exceptions
from policies.firm import Policies
from policies.landscape import Landscape
from policies.ownership import Ownership
from policies.problem import PolicyError, Problem
from policies.reading import Document, read
from policies.revenue import Revenue
from policies.validation import problems_of

FILES: dict[str, type[BaseModel]] = {
    "landscape": Landscape,
    "entities": Entities,
    "contracts": Contracts,
    "exceptions": Exceptions,
    "access": Access,
    "revenue": Revenue,
    "billing": Billing,
}
OWNERSHIP = "ownership"
Model = TypeVar("Model", bound=BaseModel)


def load(folder: File) -> Policies:
    """The policies of that folder; refused with everything that is wrong."""
    reading = _Reading(folder)
    if reading.problems:
        raise PolicyError(reading.problems)
    return Policies.model_validate({"version": reading.version(), **reading.parts})


def check(folder: File) -> list[Problem]:
    """Everything that is wrong with the policies of that folder; none when they can be used."""
    return _Reading(folder).problems


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of each file, by its name without ending."""
    models: dict[str, type[BaseModel]] = {**FILES, OWNERSHIP: Ownership}
    return {name: model.model_json_schema() for name, model in models.items()}


class _Reading:
    """One pass over a folder: its documents by name, what they became, and what is wrong."""

    def __init__(self, folder: File) -> None:
        if not folder.is_dir():
            raise Misconfigured(
                f"There is no policy folder {folder}", remedy="Name the folder of your policies in HANDOFF_POLICIES."
            )
        self._folder = folder
        self._documents: dict[str, Document] = {}
        found: list[Problem] = list(_strangers(folder))
        self.parts = Parts(
            landscape=self._model("landscape", Landscape, found),
            entities=self._model("entities", Entities, found),
            contracts=self._model("contracts", Contracts, found),
            exceptions=self._model("exceptions", Exceptions, found),
            access=self._model("access", Access, found),
            revenue=self._model("revenue", Revenue, found),
            billing=self._model("billing", Billing, found),
            ownership={
                file.stem: self._model(f"{OWNERSHIP}/{file.stem}", Ownership, found)
                for file in sorted((folder / OWNERSHIP).glob("*.yaml"))
            },
        )
        found += [self._documents[name].problem(*flaw) for name, flaw in cross_flaws(self.parts)]
        self.problems = sorted(found, key=lambda problem: (problem.file, problem.line, problem.column))

    def version(self) -> str:
        """A short hash over the files, names and content."""
        digest = hashlib.sha256()
        for name in sorted(self._documents):
            digest.update(name.encode() + b"\0" + (self._folder / f"{name}.yaml").read_bytes() + b"\0")
        return digest.hexdigest()[:12]

    def _model(self, name: str, model: type[Model], found: list[Problem]) -> Model | None:
        file = self._folder / f"{name}.yaml"
        document = self._documents[name] = Document(f"{name}.yaml")
        if not file.exists():
            found.append(document.problem((), "the file is missing", f"Write {name}.yaml; `handoff schema` has its shape."))
            return None
        document = self._documents[name] = read(file, f"{name}.yaml")
        found += document.problems
        if document.content is None:
            return None
        try:
            return model.model_validate(document.content)
        except ValidationError as error:
            found += problems_of(document, error)
            return None


def _strangers(folder: File) -> Iterator[Problem]:
    """A misspelt file name would leave a policy out without a word."""
    known = {f"{name}.yaml" for name in FILES}
    for file in sorted([*folder.glob("*.y*ml"), *(folder / OWNERSHIP).glob("*.yml")]):
        if file.name not in known:
            near = difflib.get_close_matches(file.name, known, n=1)
            remedy = f"Rename it to {near[0]}, or remove it." if near else "Remove it."
            yield Document(str(file.relative_to(folder))).problem((), "there is no policy of this name", remedy)
