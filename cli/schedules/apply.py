"""`handoff schedules apply`: the server's schedules made those of this release."""

from cli.output import JsonOption, output
from cli.schedules.list import shown
from cli.session import ActorOption, ask


def apply(actor: ActorOption = None, json: JsonOption = False) -> None:
    """Make the server's schedules those of this release."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.apply_schedules(), actor=actor), shown)
