"""`handoff exceptions show`: one exception."""

from cli.exceptions.number import NumberArgument, shown
from cli.output import JsonOption, output
from cli.session import ActorOption, ask


def show(number: NumberArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """One exception with its remedy and evidence."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.exceptions.read(number), actor=actor, with_temporal=False), shown)
