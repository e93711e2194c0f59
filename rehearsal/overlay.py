"""An overlay: changes to a firm's policies that go together (one legal entity kept in a real ERP), from policies/overlays."""

from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

from runtime.embedded.plan import ROOT

FOLDER = ROOT / "policies" / "overlays"
OverlayName = Literal["tryton"]


def changes_of(overlay: OverlayName, folder: Path = FOLDER) -> dict[str, Any]:
    """By dotted path, as a scenario changes policies."""
    changes: dict[str, Any] = YAML(typ="safe", pure=True).load(folder / f"{overlay}.yaml")
    return changes
