"""`handoff exceptions approve`: the second pair of eyes."""

from cli.exceptions.number import NumberArgument, told
from cli.output import JsonOption, output
from cli.session import ActorOption, ask


def approve(number: NumberArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Agree, as a second person, to a decision that was proposed."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.exceptions.approve(number, actor=s.actor), actor=actor), told)
