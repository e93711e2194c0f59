"""A scenario's changes to the firm's policies: written into a copy of the folder, so that the product loads them as any other."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from canonical.errors import Misconfigured
from policies.exact_yaml import dumped, loaded
from rehearsal.systems.registry import KNOWN

_LANDSCAPE = "landscape"
# Rehearsals do not wait for minutes: what a lost answer costs is shown as well by a second. Laid under what a scenario says.
_QUICK = {"upstream_timeout": "PT0.6S", "visibility_delay": "PT0.4S"}


def copy_changed(policies: Path, folder: Path, changes: Mapping[str, Any]) -> Path:
    """Copy the policies there, changed: a dotted path from the file's name; `versions` is passed over to the last one.

    In a list a key is a place, or a name after a plus sign: what it names is added at the end.
    """
    shutil.copytree(policies, folder, dirs_exist_ok=True)
    by_file: dict[str, dict[tuple[str, ...], Any]] = {_LANDSCAPE: {}}
    for path, value in changes.items():
        name, *keys = path.split(".")
        by_file.setdefault(name, {})[tuple(keys)] = value
    for name, wanted in by_file.items():
        _change(folder / f"{name}.yaml", wanted)
    return folder


def _change(file: Path, wanted: Mapping[tuple[str, ...], Any]) -> None:
    if not file.exists():
        raise Misconfigured(
            f"A scenario changes the policy '{file.stem}', which there is not",
            remedy="Begin the path with the name of a policy file: contracts.activation.purchase_orders.",
        )
    content = loaded(file)
    for keys, value in wanted.items():
        _put(content, list(_with_versions(content, keys)), value, file)
    if file.stem == _LANDSCAPE:
        _hurry(content["systems"])
    file.write_text(dumped(content), encoding="utf-8")


def _hurry(systems: dict[str, Any]) -> None:
    """Whatever vendor of ours a system is of: the waiting times that its connector would keep are short."""
    for system in systems.values():
        vendor = KNOWN.get(system["vendor"])
        if vendor and vendor.is_timed:
            settings = system.setdefault("settings", {})
            settings["timing"] = _QUICK | dict(settings.get("timing") or {})


def _with_versions(content: Any, keys: tuple[str, ...]) -> Iterator[str | int]:
    if isinstance(content, dict) and "versions" in content and keys[:1] != ("versions",):
        yield from ("versions", len(content["versions"]) - 1)
    yield from keys


def _put(content: Any, keys: list[str | int], value: Any, file: Path) -> None:
    here = content
    for key in keys[:-1]:
        if isinstance(here, list):
            here = here[int(key)]
        elif isinstance(here, dict):
            here[key] = dict(here.get(key) or {}) if not isinstance(here.get(key), list) else here[key]
            here = here[key]
        else:
            raise Misconfigured(
                f"A scenario changes {'.'.join(map(str, keys))} of '{file.stem}', and {key} is no place there",
                remedy="Correct the path; each part of it names a key of the policy file.",
            )
    if isinstance(here, list) and str(keys[-1]).startswith("+"):
        here.append(value)
    else:
        here[int(keys[-1]) if isinstance(here, list) else keys[-1]] = value
