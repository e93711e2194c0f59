"""`handoff keys rotate`: a fresh key for the ring that encrypts payloads; old ones stay, so that old histories stay readable."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from cli.output import JsonOption, Output, output
from cli.session import home, running_environment, settings

FileOption = Annotated[
    Path | None, typer.Option("--file", help="The key ring's file; made where there is none.", show_default="HANDOFF_KEYRING")
]


class Rotated(BaseModel):
    """The ring and its current key."""

    file: str
    current: str


def rotate(file: FileOption = None, json: JsonOption = False) -> None:
    """Add a key to the ring that encrypts payloads, and make it the current one."""
    from runtime.codec import KeyRing

    with output(json) as out:
        ring = file or settings().keyring or home() / "keyring.json"
        _refuse_under_a_running_stack(out, ring)
        out.show(Rotated(file=str(ring), current=KeyRing.rotate(ring)), _told)


def _refuse_under_a_running_stack(out: Output, ring: Path) -> None:
    """Its worker read the ring when it started, and could not read what others encrypt under a key that came later."""
    used = (running_environment() or {}).get("HANDOFF_KEYRING")
    if used and Path(used).resolve() == ring.resolve():
        out.fail(
            "STACK_RUNS",
            f"To rotate {ring} you must end the stack that works with it: it read the ring when it started",
            hint="End `handoff up` with Ctrl-C, run `handoff keys rotate`, and start it again.",
        )


def _told(rotated: Rotated) -> str:
    return (
        f"{rotated.current} is the current key of {rotated.file}. Give the file to every gateway and worker and start them again "
        "before anybody encrypts under it. Keep the old keys: their histories need them."
    )
