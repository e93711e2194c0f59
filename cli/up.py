"""`handoff up`: the whole stack on this machine, with simulated vendors or with the firm's own, until Ctrl-C."""

import os
import shutil
from asyncio import CancelledError
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from cli.output import JsonOption, Output, Refused, output
from cli.session import home, settings

OURS = ("postgres", "temporal", "sandbox", "logs", "keyring.json", "api-keys.json", "vendors.json", "stack.json")
"""What a stack makes in its folder; `--fresh` removes this and nothing else."""

FreshOption = Annotated[bool, typer.Option("--fresh", help="Remove the state of earlier runs first: histories, database, keys.")]
VendorsOption = Annotated[
    bool | None,
    typer.Option(
        "--vendors/--no-vendors",
        help="Simulate the vendor systems, or work with those that HANDOFF_POLICIES names.",
        show_default="simulated unless HANDOFF_POLICIES is set",
    ),
]
FreePortsOption = Annotated[bool, typer.Option("--free-ports", help="Take any free ports, not the well-known ones.")]


class Running(BaseModel):
    """A stack that runs: where each part is reached; the API key at the very first start only."""

    home: str
    addresses: dict[str, str]
    api_key: str | None = None


def up(
    fresh: FreshOption = False,
    vendors: VendorsOption = None,
    free_ports: FreePortsOption = False,
    json: JsonOption = False,
) -> None:
    """Start the stack with simulated vendors, and stay until Ctrl-C.

    Servers that HANDOFF_TEMPORAL__ADDRESS, HANDOFF_DATABASE__DSN and HANDOFF_DATABASE__OWNER_DSN name are used instead of ours.
    """
    with output(json) as out:
        if fresh:
            clear(home())
        try:
            out.run(_stay(out, simulated=vendors, well_known=not free_ports))
        except CancelledError:  # SIGTERM before everything ran: what had started is stopped by now
            raise typer.Exit(143) from None


async def _stay(out: Output, *, simulated: bool | None, well_known: bool) -> None:
    from cli.stack import first_api_key, plan_of_this_machine
    from runtime.embedded.plan import Existing
    from runtime.embedded.process import PartFailed
    from runtime.embedded.stack import Stack

    given, named = settings(), os.environ.get("HANDOFF_POLICIES")
    existing = Existing(
        temporal=os.environ.get("HANDOFF_TEMPORAL__ADDRESS"),
        dsn=os.environ.get("HANDOFF_DATABASE__DSN"),
        owner_dsn=os.environ.get("HANDOFF_DATABASE__OWNER_DSN"),
    )
    api_key = first_api_key(home())
    plan = plan_of_this_machine(
        home(),
        well_known_ports=well_known,
        vendors=not named if simulated is None else simulated,
        existing=existing,
        policies=Path(named) if named else None,
        namespace=given.temporal.namespace,
    )
    try:
        async with Stack(plan, tell=out.say) as stack:
            os.environ.update(stack.environment)
            await _apply_schedules()
            out.show(Running(home=str(stack.home), addresses=stack.addresses, api_key=api_key), _told)
            await stack.until_told_to_stop()
            out.say("stopping")
    except PartFailed as failed:
        raise Refused("PART_FAILED", str(failed).removesuffix(failed.remedy).strip(), hint=failed.remedy) from failed


async def _apply_schedules() -> None:
    from operations.office import open_office

    async with open_office(settings()) as office:
        await office.apply_schedules()


def clear(folder: Path) -> None:
    """Begin anew; refused while a stack runs there."""
    from runtime.embedded.record import Record

    running = Record.of_running(folder) if folder.exists() else None
    if running:
        raise Refused(
            "STACK_RUNS",
            f"To remove the state in {folder} you must first end process {running.holder.pid}, which works with it",
            hint=f"End it with Ctrl-C or `kill {running.holder.pid}`, then run `handoff up --fresh` again.",
        )
    for name in OURS:
        place = folder / name
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)


def _told(running: Running) -> list[object]:
    from cli.tables import facts

    said: list[object] = [facts(running.addresses.items())]
    if running.api_key:
        said.append(f"API key of handoff-cli for the process API, shown this once: {running.api_key}")
    return [*said, f"Handoff runs; its state is in {running.home}. Next: `handoff doctor`, `handoff list`. Ctrl-C ends it."]
