"""Secrets by reference: `env:NAME`, `file:PATH`; policies name them, only this resolves them, nothing prints them.

A secret store reaches this by its agent or CSI driver, which writes a file or sets a variable; `vault:` itself is refused.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from canonical.errors import Misconfigured


def resolved(value: Any, *, environment: Mapping[str, str] | None = None) -> Any:
    """The same structure with every reference replaced by what it refers to; one that is missing is named, never its value."""
    found = os.environ if environment is None else environment
    match value:
        case Mapping():
            return {key: resolved(inner, environment=found) for key, inner in value.items()}
        case list() | tuple():
            return [resolved(inner, environment=found) for inner in value]
        case str() if value.startswith("env:"):
            return _from_environment(value.removeprefix("env:"), found)
        case str() if value.startswith("file:"):
            return _from_file(Path(value.removeprefix("file:")))
        case str() if value.startswith("vault:"):
            raise Misconfigured(
                f"The reference {value} names a secret store, which is not read directly",
                remedy="Have the store's agent write it to a file or set a variable, and refer to that: file:PATH or env:NAME.",
            )
        case _:
            return value


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise Misconfigured(f"The variable {name} is not set", remedy=f"Set {name}, which policies/landscape refers to.")
    if not environment[name].strip():
        raise Misconfigured(f"The variable {name} is empty", remedy=f"Give {name} its value; policies/landscape refers to it.")
    return environment[name]


def _from_file(path: Path) -> str:
    try:
        content = path.read_text().strip()
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"The secret file {path} cannot be read", remedy="Put the secret there as text, readable by this user."
        ) from error
    if not content:
        raise Misconfigured(f"The secret file {path} is empty", remedy="Put the secret there; policies/landscape refers to it.")
    return content
