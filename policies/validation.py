"""What pydantic found wrong, in words for the person who wrote the file."""

import difflib
from collections.abc import Iterator

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from policies.problem import Problem
from policies.reading import Document
from policies.shape import Path, Shape


def problems_of(document: Document, error: ValidationError) -> Iterator[Problem]:
    """Each of them at its place; a list that is empty only because all its items are wrong is not told besides."""
    details = error.errors(include_url=False)
    paths = [detail["loc"] for detail in details]
    for detail in details:
        path = detail["loc"]
        if detail["type"] != "too_short" or not any(len(p) > len(path) and p[: len(path)] == path for p in paths):
            yield _problem(document, detail)


def _problem(document: Document, detail: ErrorDetails) -> Problem:
    path: Path = detail["loc"]
    match detail["type"]:
        case "missing":
            return document.problem(path, f"{path[-1]!r} is missing", "Add it.")
        case "extra_forbidden":
            return document.problem(path, f"there is no key {path[-1]!r} here", _nearest(str(path[-1])))
        case "value_error" | "assertion_error":
            wrong, _, remedy = detail["msg"].split(", ", 1)[-1].partition("; ")
            return document.problem(path, wrong, f"{remedy[:1].upper()}{remedy[1:]}." if remedy else "Correct the value.")
        case _:
            said = detail["msg"][:1].lower() + detail["msg"][1:]
            return document.problem(path, f"{_shown(detail['input'])} does not fit: {said}", "Correct the value.")


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, sorted(_keys(Shape)), n=1)
    return f"Did you mean {near[0]!r}? If not, remove it." if near else "Remove it; `handoff schema` lists what may stand here."


def _keys(shape: type[BaseModel]) -> set[str]:
    """Every key that any policy file knows."""
    own = {field.alias or name for name, field in shape.model_fields.items()}
    return own.union(*(_keys(kind) for kind in shape.__subclasses__()))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
