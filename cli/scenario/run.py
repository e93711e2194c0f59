"""`handoff scenario run`: stories as files, played against simulated vendor systems with the whole product running."""

import tempfile
from asyncio import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.output import JsonOption, Output, output
from rehearsal.overlay import overlay_named
from rehearsal.reading import Story, read_stories
from rehearsal.result import Report, Result

if TYPE_CHECKING:
    from rehearsal.run import Wish

FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Scenario files, or folders of them.")]
HardOption = Annotated[
    bool, typer.Option("--hard", help="Each also delivered twice, shuffled, and with the worker killed at each write in turn.")
]
WayOption = Annotated[
    list[str] | None,
    typer.Option("--way", metavar="NAME", help="Only the hard variants whose names begin so: twice, shuffled, killed."),
]
WritesOption = Annotated[
    int | None,
    typer.Option("--writes", metavar="N", min=0, help="At most N kills at a write of each, of different kinds first."),
]
SampleOption = Annotated[
    int | None,
    typer.Option("--sample", metavar="SEED", help="With one random hard variant of each; with --hard or --way: the seed."),
]
KillsOption = Annotated[
    int,
    typer.Option("--kills", metavar="N", min=0, help="Each also N times with the worker killed at a random moment."),
]
OnlyOption = Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Only stories whose name begins so (S20).")]
LanesOption = Annotated[int, typer.Option(min=1, max=16, help="How many stories are played at the same time.")]
OverlayOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Over a real ERP: a file of policies/overlays (tryton-us: the books of US01 in Tryton)."),
]
PoliciesOption = Annotated[Path, typer.Option(help="The policies to rehearse with.")]


def run(
    files: FilesArgument,
    hard: HardOption = False,
    way: WayOption = None,
    writes: WritesOption = None,
    sample: SampleOption = None,
    kills: KillsOption = 0,
    only: OnlyOption = None,
    lanes: LanesOption = 2,
    policies: PoliciesOption = Path("policies/demo"),
    overlay: OverlayOption = None,
    json: JsonOption = False,
) -> None:
    """Play scenarios and print what differs, in the words of the file; exit 1 when anything does."""
    from rehearsal.hard import require_known
    from rehearsal.run import Wish

    is_hard, named = hard or bool(way) or writes is not None, tuple(way or ())
    wish = Wish(policies, is_hard=is_hard, named=named, writes=writes, sample=sample, kills=kills, lanes=lanes)
    with output(json) as out:
        require_known(named)
        stories = [story for story in read_stories(files) if not only or story.name.startswith(tuple(only))]
        if overlay is not None:
            stories = [story.over(overlay_named(overlay)) for story in stories]
        try:
            report = out.run(_played(out, stories, wish))
        except CancelledError:  # SIGTERM: everything that was started has been ended by now
            raise typer.Exit(143) from None
        out.show(report, _table)
        if not report.passed:
            raise typer.Exit(1)


async def _played(out: Output, stories: list[Story], wish: "Wish") -> Report:
    from rehearsal.run import Run

    with tempfile.TemporaryDirectory(prefix="handoff-rehearsal-") as folder:
        return await Run(Path(folder), wish, tell=out.say, shown=lambda result: _tell(out, result)).all(stories)


def _tell(out: Output, result: Result) -> None:
    out.say(f"{result.story}, {result.manner}: {result.outcome if result.passed else 'DIFFERS'} after {result.seconds} s")
    for difference in result.differences:
        out.say(f"  {difference}")


def _table(report: Report) -> list[Table | str]:
    table = Table(box=None, pad_edge=False)
    for name in ("Story", "What", "Manner", "Seconds", "Outcome"):
        table.add_column(name, justify="right" if name == "Seconds" else "left")
    for result in report.results:
        table.add_row(result.story, result.title, result.manner, f"{result.seconds:.1f}", result.outcome)
    seed = f"; hard variants chosen with --sample {report.seed}" if report.seed is not None else ""
    told = [f"{difference}" for result in report.results for difference in result.differences]
    return [table, *told, f"{len(report.results)} performances in {report.seconds:.0f} s{seed}"]
