"""`handoff schema`: the JSON Schemas of the canonical objects, each with its version (R29)."""

import importlib
import pkgutil
from typing import Annotated, Any

import typer
from pydantic import BaseModel

import canonical
from canonical.schema import PUBLISHED
from cli.output import JsonOption, output


class Published(BaseModel):
    """One object of the published language."""

    name: str
    version: int
    json_schema: dict[str, Any]


def published() -> list[Published]:
    """Every published object, by name."""
    for module in pkgutil.walk_packages(canonical.__path__, "canonical."):
        importlib.import_module(module.name)
    return [
        Published(
            name=name, version=kind.VERSION, json_schema={**kind.model_json_schema(), "$id": f"handoff/{name}/{kind.VERSION}"}
        )
        for name, kind in sorted(PUBLISHED.items())
    ]


def schema(
    name: Annotated[str | None, typer.Argument(help="One object, such as Contract; without it, the list of all.")] = None,
    json: JsonOption = False,
) -> None:
    """The canonical objects: their versions, and the JSON Schema of one."""
    with output(json) as out:
        found = published()
        if name is None:
            out.show(found, lambda all_: "\n".join(f"{p.name:24} version {p.version}" for p in all_))
            return
        chosen = [p for p in found if p.name.lower() == name.lower()]
        if not chosen:
            out.fail("not_found", f"There is no canonical object called {name!r}.", hint="Run `handoff schema` for the list.")
        import json as encoder

        out.show(chosen[0], lambda p: encoder.dumps(p.json_schema, indent=2))
