"""`handoff schema`: the JSON Schemas of the canonical objects, each with its version (R29)."""

import importlib
import json as encoder
import pkgutil
from typing import Annotated, Any

import typer
from pydantic import BaseModel

import canonical
from canonical.schema import PUBLISHED
from cli.output import JsonOption, output
from policies.loading import schemas as policy_files


class Published(BaseModel):
    """One object of the published language."""

    name: str
    version: int
    json_schema: dict[str, Any]


def published() -> list[Published]:
    """Every published object, by name, and every policy file."""
    for module in pkgutil.walk_packages(canonical.__path__, "canonical."):
        importlib.import_module(module.name)
    objects = [
        Published(
            name=name, version=kind.VERSION, json_schema={**kind.model_json_schema(), "$id": f"handoff/{name}/{kind.VERSION}"}
        )
        for name, kind in sorted(PUBLISHED.items())
    ]
    files = [Published(name=f"policies/{name}", version=1, json_schema=shape) for name, shape in policy_files().items()]
    return [*objects, *files]


NameArgument = Annotated[str | None, typer.Argument(help="Such as Contract or policies/landscape; without it, the list.")]


def schema(name: NameArgument = None, json: JsonOption = False) -> None:
    """The canonical objects and policy files: versions, and the JSON Schema of one."""
    with output(json) as out:
        found = published()
        if name is None:
            out.show(found, lambda all_: "\n".join(f"{p.name:24} version {p.version}" for p in all_))
            return
        chosen = [p for p in found if p.name.lower() == name.lower()]
        if not chosen:
            out.fail("NOT_FOUND", f"No object or policy file is called {name!r}", hint="Run `handoff schema` for the list.")
        out.show(chosen[0], lambda p: encoder.dumps(p.json_schema, indent=2))
