"""The page of failures and exception codes, from canonical/errors, the demo policies and the code."""

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from canonical.errors import Failure
from docs.markdown import NOTE, table
from gateway.problems import _STATUS
from policies.loading import load

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "policies" / "demo"
ON = date(2026, 12, 1)
"""The pages show the demo policies as they hold on this day."""
LAYERS = ("activities", "canonical", "connectors", "ledger", "operations", "policies", "rehearsal", "runtime", "workflows")
_NUMBERS = re.compile(r" \((?:DESIGN [\d.]+|[RS]\d+(?:, [RS]\d+)*)\)")


def errors_page() -> str:
    """What can go wrong, by code."""
    return (
        "\n\n".join(
            (
                "# Failures and exception codes",
                NOTE,
                "A failure has a code, which never changes, a message in business words, a remedy and evidence. Surfaces and\n"
                "policies decide by the code, never by the text.",
                "## Failures by what must happen next",
                "*Tried again* means by itself, with growing pauses, honouring the time that a system asks for. Anything\n"
                "else that stops a handoff becomes an exception, and the handoff waits for a person. *HTTP* is the status of\n"
                "the process API.",
                table(("Code", "What it means", "Tried again", "HTTP", "Remedy unless a better one is known"), _failures()),
                "## Exceptions, their owners and decisions",
                f"As the demo firm's [exceptions.yaml](policies.md#exceptionsyaml) has it on {ON}. Hours are business hours\n"
                "of the entity. A code that is not listed follows the last row.",
                table(("Code", "Title", "Owner", "Due", "Decisions", "Also settled by", "Second person"), _owners()),
                "## Codes given in one place",
                "A rule or a connector names a situation more exactly than its kind of failure does.",
                table(("Code", "Given by", "As"), _given()),
            )
        )
        + "\n"
    )


def _failures() -> Iterator[Sequence[str]]:
    for kind in _leaves(Failure):
        status = next((status for base, status in _STATUS if issubclass(kind, base)), 422)
        meaning = _NUMBERS.sub("", inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " "))
        yield f"`{kind.code}`", meaning, "yes" if kind.retryable else "no", str(status), kind.default_remedy


def _leaves(kind: type[Failure]) -> list[type[Failure]]:
    below = [leaf for child in kind.__subclasses__() if child.__module__ == "canonical.errors" for leaf in _leaves(child)]
    return below if kind is Failure else [kind, *below]


def _owners() -> Iterator[Sequence[str]]:
    version = load(DEMO).exceptions.on(ON)
    for code, rule in (*sorted(version.codes.items()), ("any other", version.default)):
        second = rule.second_person
        limits = " or ".join(str(limit) for limit in second.above) if second and second.above else ""
        needed = " or ".join(
            filter(None, (f"above {limits}" if limits else "", f"when `{second.when}`" if second and second.when else ""))
        )
        named = f"`{code}`" if code.isupper() else code
        also = ", ".join(role for role in rule.settlers if role != rule.owner)
        yield named, rule.title, rule.owner, f"{rule.due_hours:f} h", ", ".join(rule.decisions), also, needed.replace("||", "or")


def _given() -> list[Sequence[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for layer in LAYERS:
        for file in sorted((ROOT / layer).rglob("*.py")):
            for code, kind in _codes_in(ast.parse(file.read_text())):
                found.setdefault((code, kind), set()).add(str(file.parent.relative_to(ROOT)))
    kinds = {kind.code for kind in _leaves(Failure)}
    return [(f"`{code}`", ", ".join(sorted(places)), kind) for (code, kind), places in sorted(found.items()) if code not in kinds]


def _codes_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Codes that are written out: as an argument of a failure or a finding, or as a failure's own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for given in node.keywords:
                if given.arg == "code" and isinstance(given.value, ast.Constant) and str(given.value.value).isupper():
                    yield str(given.value.value), {"Finding": "finding", "Case": "exception"}.get(node.func.id, node.func.id)
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                named = isinstance(line, ast.Assign) and [t.id for t in line.targets if isinstance(t, ast.Name)]
                if named == ["code"] and isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant):
                    yield str(line.value.value), node.name
