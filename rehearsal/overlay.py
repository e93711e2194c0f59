"""An overlay: changes to a firm's policies that go together (one legal entity kept in a real ERP), from policies/overlays."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast, get_args

from canonical.errors import Misconfigured
from policies.exact_yaml import loaded
from runtime.embedded.plan import ROOT

FOLDER = ROOT / "policies" / "overlays"
OverlayName = Literal["tryton", "tryton-us"]
_TRYTON = "landscape.systems.tryton"


def overlay_named(name: str) -> OverlayName:
    """The overlay of that name."""
    for known in get_args(OverlayName):
        if known == name:
            return cast("OverlayName", known)
    raise Misconfigured(f"There is no overlay '{name}'", remedy=f"Name one of: {', '.join(get_args(OverlayName))}.")


def changes_of(overlay: OverlayName, folder: Path = FOLDER) -> dict[str, Any]:
    """By dotted path, as a scenario changes policies."""
    changes: dict[str, Any] = loaded(folder / f"{overlay}.yaml")
    return changes


def kept_in(changes: Mapping[str, Any]) -> dict[str, str]:
    """The legal entities whose books an overlay puts into a real system, with its name."""
    settings = dict(changes.get(_TRYTON) or {}).get("settings") or {}
    return dict.fromkeys(settings.get("companies") or {}, "tryton")
