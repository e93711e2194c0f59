"""Our identifiers and business keys, built from business facts; never from a run, an attempt or chance."""

import hashlib
import json
import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel

from canonical.errors import Malformed

_ALLOWED = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}\Z")
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._:-]")
_TOLD = 63


def _well_formed(reference: str) -> str:
    if not _ALLOWED.match(reference):
        raise ValueError(
            f"{reference[:80]!r} is no reference; use at most 80 letters, digits, '.', '_', ':', '-', first a letter or digit"
        )
    return reference


Reference = Annotated[str, AfterValidator(_well_formed)]
"""A business reference of ours or of a person's: C-100, L1, M2, WS-A."""


def business_key(kind: str, *parts: str | int) -> str:
    """The key under which something may happen once: ``create_project/C-100``, ``create_invoice/INV-REQ-17/2``."""
    words = [kind, *(str(part) for part in parts)]
    if not all(words) or any("/" in word for word in words):
        raise Malformed(f"A business key needs parts without '/': {words}", remedy="Correct the reference that holds a '/'.")
    return "/".join(words)


def joined(*parts: str) -> str:
    """One reference of several: as they are where that is one, else cut, with a hash that tells equal beginnings apart."""
    whole = ":".join(parts)
    if _ALLOWED.match(whole):
        return whole
    told = _NOT_ALLOWED.sub("-", whole)[:_TOLD].lstrip("._:-") or "R"
    return f"{told}.{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}"


def fingerprint(content: BaseModel | dict[str, Any] | list[Any]) -> str:
    """A SHA-256 over the canonical form: sorted keys, plain decimals; equal content has equal fingerprints."""
    plain = content.model_dump(mode="python") if isinstance(content, BaseModel) else content
    return hashlib.sha256(json.dumps(_plain(plain), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, str):  # most of it
        return value
    match value:
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items() if inner is not None}
        case list() | tuple():
            return [inner if type(inner) is str else _plain(inner) for inner in value]
        case set() | frozenset():
            return sorted(json.dumps(_plain(inner), sort_keys=True) for inner in value)
        case Decimal():
            return format(value.normalize() + Decimal(0), "f")
        case bool() | int():
            return value
        case _:
            return str(value)
