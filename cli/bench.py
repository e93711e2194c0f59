"""`handoff bench`: the programs in bench/, on servers of their own, tuned as `handoff up` runs them."""

import subprocess
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from cli.output import JsonOption, output


def bench(
    only: Annotated[list[str] | None, typer.Option(help="a part: provisioning, webhooks or billing; may be given again")] = None,
    entries: Annotated[int, typer.Option(min=2_000, help="how many time entries the month of billing has")] = 20_000,
    json: JsonOption = False,
) -> None:
    """Measure speed beside a bare workflow, on this machine."""
    with output(json) as out:
        if find_spec("bench") is None or find_spec("bench.__main__") is None:
            out.fail(
                "NO_BENCH",
                "The benchmarks are not part of this installation",
                hint="Run `make bench` in a clone of the repository.",
            )
        parts = [argument for part in only or [] for argument in ("--only", part)]
        shape = ["--json"] if json else []
        done = subprocess.run([sys.executable, "-m", "bench", *parts, "--entries", str(entries), *shape], check=False)
        if done.returncode:
            raise typer.Exit(done.returncode)
