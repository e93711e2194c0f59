"""`handoff exceptions decline`: the second pair of eyes says no."""

from typing import Annotated

import typer

from cli.exceptions.number import NumberArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from operations.asked import Settled

ReasonOption = Annotated[str, typer.Option(help="Why; whoever proposed it will read it.")]


def decline(number: NumberArgument, reason: ReasonOption, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Refuse, as a second person, a decision that was proposed."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.exceptions.decline(number, actor=s.actor, reason=reason), actor=actor), _told)


def _told(declined: Settled) -> str:
    return f"Exception {declined.number} is {declined.state} again. Next: `handoff exceptions show {declined.number}`."
