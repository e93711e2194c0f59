"""YAML 1.2 as libyaml reads it, a tenth of the time: nothing is executed, no amount was a binary fraction, `no` is a word."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import Node

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # where PyYAML came without libyaml it reads the same, slowly
_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_TAG = "tag:yaml.org,2002:"
_DIGITS = "[0-9][0-9_]*"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?"
# The core schema of YAML 1.2, and dates, each with its first letters; PyYAML itself goes by 1.1, where `no` is false.
_KINDS = {
    "null": ("|~|null|Null|NULL", ["", "~", "n", "N"]),
    "bool": ("true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (f"[-+]?{_DIGITS}|0o[0-7_]+|0x[0-9a-fA-F_]+", list("-+0123456789")),
    "float": (
        rf"[-+]?(?:{_DIGITS}\.[0-9_]*|\.{_DIGITS})(?:[eE][-+]?[0-9]+)?|[-+]?{_DIGITS}[eE][-+]?[0-9]+",
        list("-+.0123456789"),
    ),
    "timestamp": (rf"{_DAY}(?:(?:[Tt]|[ \t]+){_TIME})?", list("0123456789")),
    "merge": ("<<", ["<"]),
}


class _Loader(_Safe):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}  # or PyYAML adds to its own


class _Dumper(_SafeDumper):  # type: ignore[misc]
    """Puts quotes around what would be read as something else."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        """What is twice in the content is written twice."""
        return True


def _whole(loader: Any, node: Any) -> int:
    told = str(loader.construct_scalar(node)).replace("_", "")
    return int(told, 0) if told[:2] in ("0o", "0x") else int(told)


for _kind, (_pattern, _first) in _KINDS.items():
    for _of in (_Loader, _Dumper):
        _of.add_implicit_resolver(f"{_TAG}{_kind}", re.compile(f"^(?:{_pattern})$"), _first)
_Loader.add_constructor(f"{_TAG}int", _whole)
_Loader.add_constructor(f"{_TAG}float", lambda loader, node: Decimal(str(loader.construct_scalar(node)).replace("_", "")))
_Dumper.add_representer(Decimal, lambda dumper, value: dumper.represent_scalar(f"{_TAG}float", f"{value:f}"))


def composed(text: str) -> tuple[Node | None, Any]:
    """The nodes, each with its place, and what they say; YAMLError and ValueError where they say nothing that can be read.

    It is read twice, since what is made of nodes puts what they merge (`<<`) into them, as if it stood there a second time.
    """
    loader = _Loader(text)
    try:
        return loader.get_single_node(), loaded(text)
    finally:
        loader.dispose()


def loaded(source: Path | str) -> Any:
    """What a file or a text says."""
    loader = _Loader(source if isinstance(source, str) else source.read_text(encoding="utf-8"))
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def dumped(content: Any) -> str:
    """Content as a text that reads the same."""
    return str(yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True))
