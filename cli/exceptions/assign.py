"""`handoff exceptions assign`: give an exception to somebody."""

from typing import Annotated

import typer

from cli.exceptions.number import NumberArgument, shown
from cli.output import JsonOption, output
from cli.session import ActorOption, ask

ToArgument = Annotated[str, typer.Argument(metavar="PERSON", help="Who shall settle it, as policies/access names them.")]


def assign(number: NumberArgument, to: ToArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Give an exception to somebody."""
    with output(json) as out:
        out.show(
            ask(out, lambda s: s.office.exceptions.assign(number, to, actor=s.actor), actor=actor, with_temporal=False), shown
        )
