"""Measures on this machine and prints: ``python -m bench --only PART --entries N --json --quick``, as ``handoff bench`` does."""

import argparse
import asyncio
import gc
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench import month, provisioning, webhooks
from bench.ground import ground
from bench.ours import BenchFailed
from bench.report import Report, rendered, report
from runtime.embedded.process import PartFailed
from runtime.settings import Settings

PARTS = ("provisioning", "webhooks", "billing")
_WIDE = 140  # in a file no figure is cut


async def run(home: Path, *, quick: bool, progress: Console, parts: Sequence[str] = PARTS, entries: int = 0) -> Report:
    """The first two on one ground; a month of billing on grounds of its own, since its volume stays in them."""
    handoffs, deliveries, billing = None, None, None
    if {"provisioning", "webhooks"} & set(parts):
        async with ground(home) as ready:
            if "provisioning" in parts:
                handoffs = await provisioning.measure(ready, provisioning.QUICK if quick else provisioning.Sizes(), progress)
            if "webhooks" in parts:
                deliveries = await webhooks.measure(ready, webhooks.QUICK if quick else webhooks.Rate(), progress)
    if "billing" in parts:
        volumes = month.Volumes(entries) if entries else month.QUICK if quick else month.Volumes()
        billing = await month.measure(home / "month", volumes, progress)
    return report(handoffs, deliveries, billing)


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; the exit code is 0 unless the bench could not be run. A missed aim is printed, not an error."""
    parser = argparse.ArgumentParser(prog="handoff bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--quick", action="store_true", help="a few of everything: shows that it works, measures nothing")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be given again")
    parser.add_argument("--entries", type=int, default=0, help="how many time entries the month of billing has (20000)")
    given = parser.parse_args(argv)
    parent = Settings().home
    parent.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    try:
        parts = given.only or PARTS
        found = asyncio.run(run(home, quick=given.quick, progress=Console(stderr=True), parts=parts, entries=given.entries))
    except (BenchFailed, PartFailed) as failure:
        print(f"{failure}\nThe logs are under {home}.", file=sys.stderr)
        return 1
    finally:
        gc.collect()  # a process with Temporal's client crashes at its end otherwise, now and then (TEMPORAL.md)
    shutil.rmtree(home, ignore_errors=True)
    _print(found, as_json=given.json)
    return 0


def _print(found: Report, *, as_json: bool) -> None:
    if as_json:
        print(found.model_dump_json(indent=2))
        return
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    for piece in rendered(found):
        console.print(piece, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
