"""Which folder of policies a command means."""

from pathlib import Path
from typing import Annotated

import typer

from cli.session import running_environment, settings

FolderArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[FOLDER]", help="The policy folder.", show_default="HANDOFF_POLICIES or policies/demo"),
]


def chosen(folder: Path | None) -> Path:
    """The one given, else that of the stack that runs here, else that of the settings."""
    return folder or Path((running_environment() or {}).get("HANDOFF_POLICIES") or settings().policies)
