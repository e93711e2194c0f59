"""`handoff demo`: the story of a deal on real parts, with amounts and the ids in each system; every fact is checked."""

import shutil
from asyncio import CancelledError
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.output import JsonOption, Output, output
from rehearsal.reading import Story, read_stories
from rehearsal.tale import Chapter, Fact, Teller, Told

CHAPTERS = Path(__file__).parents[1] / "rehearsal" / "demo"
OVER_TRYTON = CHAPTERS / "tryton"
HOME = Path(".handoff/demo")
_WHOLE = "no business key twice, the audit chain verifies, no write undecided, every exception explained, nothing stuck"

TrytonOption = Annotated[
    bool, typer.Option("--tryton", help="With a real Tryton as the ERP of the German company (`make demo-tryton` installs it).")
]
StayOption = Annotated[bool, typer.Option("--stay", help="Leave everything running afterwards, until Ctrl-C.")]
FreePortsOption = Annotated[bool, typer.Option("--free-ports", help="Take any free ports, not the well-known ones.")]


def demo(
    tryton: TrytonOption = False, stay: StayOption = False, free_ports: FreePortsOption = False, json: JsonOption = False
) -> None:
    """Tell the whole story with real parts and simulated vendors; exit 1 if a checked fact does not hold."""
    with output(json) as out:
        stories = read_stories([OVER_TRYTON if tryton else CHAPTERS])
        try:
            tale = out.run(_told(out, stories, stay=stay, well_known=not free_ports))
        except CancelledError:  # SIGTERM: the stack has been stopped by now
            raise typer.Exit(143) from None
        if json:
            out.show(tale, str)
        if not tale.holds:
            raise typer.Exit(1)


async def _told(out: Output, stories: list[Story], *, stay: bool, well_known: bool) -> Told:
    from rehearsal.performance import scene_on
    from rehearsal.real import RealSystems
    from rehearsal.tale import changes_in, told
    from rehearsal.theatre import theatre
    from rehearsal.world import World

    shutil.rmtree(HOME, ignore_errors=True)
    listener = _Narrator(Console(stderr=out.is_json, soft_wrap=True))
    overlay, changes = stories[0].scenario.overlay, changes_in(stories)
    if overlay:
        out.say(f"preparing {overlay}; its first time takes minutes on a slow machine")
    async with (
        RealSystems() as real,
        real.standing(overlay) as standing,
        theatre(HOME, well_known_ports=well_known, tell=out.say, standing=standing, changes=changes) as stage,
    ):
        listener.opens(stage.stack.addresses, standing.people)
        async with scene_on(stage, World()) as scene:
            tale = await told(stories, scene, Teller(listener.begins, listener.step, listener.fact, listener.ends))
        listener.closes(tale, stage.stack.addresses, stays=stay)
        if stay:
            await stage.stack.until_told_to_stop()
    return tale


class _Narrator:
    """Says it on the console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def opens(self, addresses: dict[str, str], real: Mapping[str, str]) -> None:
        beside = " and a real one" if real else ""
        self._console.print(f"Handoff runs here, with simulated vendor systems{beside}:")
        for name, address in [*addresses.items(), *real.items()]:
            self._console.print(f"  {name:<12} {address}", highlight=False)

    def begins(self, story: Story) -> None:
        self._console.print()
        self._console.print(f"({story.scenario.scenario}) {story.scenario.title}", style="bold", highlight=False)
        self._console.print(" ".join(story.scenario.story.split()), soft_wrap=False, highlight=False)

    def step(self, words: str) -> None:
        self._console.print(f"  … {words}", markup=False, highlight=False, style="dim")

    def fact(self, fact: Fact) -> None:
        self._console.print(f"  {'[green]✓[/]' if fact.holds else '[bold red]✗[/]'} ", end="")
        self._console.print(fact.says, markup=False, highlight=False)
        for found in fact.found:
            self._console.print(f"      {found}", markup=False, highlight=False, style="red")

    def ends(self, chapter: Chapter) -> None:
        for contract, held in chapter.holdings.items():
            table = Table(title=contract, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
            for name in ("System", "Record", "Id there", "Holds"):
                table.add_column(name, overflow="fold")
            for one in held:
                table.add_row(one.system, one.what, one.id, one.says)
            self._console.print(table)

    def closes(self, tale: Told, addresses: dict[str, str], *, stays: bool) -> None:
        facts = [fact for chapter in tale.chapters for fact in chapter.facts]
        self._console.print()
        self._console.print("The end", style="bold")
        for breach in tale.breaches:
            self._console.print(f"  ✗ {breach}", markup=False, highlight=False, style="red")
        if not tale.breaches:
            self._console.print(f"  [green]✓[/] {_WHOLE}")
        seconds = sum(chapter.seconds for chapter in tale.chapters)
        self._console.print(f"{sum(fact.holds for fact in facts)} of {len(facts)} facts hold, told in {seconds:.0f} s.")
        where = addresses.get("temporal-ui", "")
        self._console.print(
            f"The Temporal Web UI {'is' if stays else 'was'} at {where}"
            + ("; Ctrl-C ends it." if stays else "; `make up` leaves such a stack running, `handoff demo --stay` this one.")
        )
