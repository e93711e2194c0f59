"""Which folder of policies a command means."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.session import running_environment
from runtime.embedded.plan import ROOT

FolderArgument = Annotated[
    Path | None,
    typer.Argument(metavar="FOLDER", help="The policy folder.", show_default="HANDOFF_POLICIES or policies/demo"),
]


def chosen(folder: Path | None) -> Path:
    """The one given, else that of the settings, else that of the stack that runs here, else the demo firm's."""
    if folder:
        return folder
    named = os.environ.get("HANDOFF_POLICIES") or (running_environment() or {}).get("HANDOFF_POLICIES")
    return Path(named) if named else ROOT / "policies" / "demo"
