"""`handoff credit approve`: the second pair of eyes."""

from cli.credit.proposal import ReasonOption, ReferenceArgument, shown
from cli.output import JsonOption, output
from cli.session import ActorOption, ask


def approve(reference: ReferenceArgument, reason: ReasonOption = "", actor: ActorOption = None, json: JsonOption = False) -> None:
    """Agree, as a second person, to a proposed credit: it is made, posted, and billed again where that was asked for."""
    with output(json) as out:
        with out.working(f"crediting {reference}"):
            done = ask(out, lambda s: s.office.credits.approve(reference, actor=s.actor, reason=reason), actor=actor)
        out.show(done, shown)
