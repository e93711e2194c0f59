"""`handoff bench`: the programs in bench/, on servers of their own, tuned as `handoff up` runs them."""

import subprocess
import sys
from importlib.util import find_spec

import typer

from cli.output import JsonOption, output


def bench(json: JsonOption = False) -> None:
    """Measure speed beside a bare workflow, on this machine."""
    with output(json) as out:
        if find_spec("bench") is None or find_spec("bench.__main__") is None:
            out.fail(
                "NO_BENCH",
                "The benchmarks are not part of this installation",
                hint="Run `make bench` in a clone of the repository.",
            )
        done = subprocess.run([sys.executable, "-m", "bench", *(["--json"] if json else [])], check=False)
        if done.returncode:
            raise typer.Exit(done.returncode)
