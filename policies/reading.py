"""Reading a YAML file so that every value knows its line and column: exact decimals, doubled keys found, nothing executed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from yaml.error import MarkedYAMLError, YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from policies.exact_yaml import composed
from policies.problem import Problem
from policies.shape import Path

Place = tuple[int, int]


@dataclass
class Document:
    """A file as read: its content and where each part of it stands."""

    name: str
    content: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: Path, wrong: str, remedy: str) -> Problem:
        """A problem at that path, or at the nearest part of it that is in the file."""
        line, column = self._place(path)
        return Problem(file=self.name, line=line, column=column, field=spelled(path), wrong=wrong, remedy=remedy)

    def _place(self, path: Path) -> Place:
        here: Path = ()
        for step in path:
            # Pydantic puts names of its own (which kind of a union) between the keys; they are nowhere in the file.
            if (*here, step) in self.places:
                here = (*here, step)
        return self.places.get(here, (1, 1))


def spelled(path: Path) -> str:
    """A path as people write it: versions[0].codes.CREDIT_LIMIT."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path if step != "[key]")
    return text.removeprefix(".")


def read(file: File, name: str) -> Document:
    """The file's content and places; what is wrong with its form is among its problems."""
    document = Document(name)
    text = ""
    try:
        text = file.read_text(encoding="utf-8")
        root, content = composed(text)
        if root is None:
            document.problems.append(document.problem((), "the file is empty", "Write the policy, or remove the file."))
            return document
        document.places.update(_places(root, (), document))
        document.content = content
    except (YAMLError, ValueError, OSError, ArithmeticError, RecursionError) as error:
        document.problems.append(_unreadable(name, error, len(text.splitlines())))
    return document


def _unreadable(name: str, error: Exception, lines: int) -> Problem:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    said = (error.problem if isinstance(error, MarkedYAMLError) else str(error)) or "it cannot be read"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if line > lines:  # what is missing at the end is missing on the last line
        line, column = max(lines, 1), 1
    return Problem(
        file=name, line=line, column=column, field="", wrong=f"not YAML: {said}", remedy="Correct the spelling at this place."
    )


def _places(node: Node, path: Path, document: Document) -> Iterator[tuple[Path, Place]]:
    if not path:
        yield path, _place(node)
    match node:
        case MappingNode():
            yield from _keys(node, path, document)
        case SequenceNode():
            for number, item in enumerate(node.value):
                yield (*path, number), _place(item)
                yield from _places(item, (*path, number), document)


def _keys(node: MappingNode, path: Path, document: Document) -> Iterator[tuple[Path, Place]]:
    seen: dict[str, Place] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, ScalarNode) else str(key)
        place = _place(key)
        if name in seen:
            document.problems.append(_doubled(document.name, (*path, name), place, seen[name]))
        seen[name] = place
        yield (*path, name), place
        yield from _places(value, (*path, name), document)


def _doubled(file: str, path: Path, place: Place, first: Place) -> Problem:
    return Problem(
        file=file,
        line=place[0],
        column=place[1],
        field=spelled(path),
        wrong=f"the key {path[-1]!r} stands here a second time (first on line {first[0]})",
        remedy="Keep one of them.",
    )


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1
