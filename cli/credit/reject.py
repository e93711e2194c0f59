"""`handoff credit reject`: it is not to be."""

from typing import Annotated

import typer

from cli.credit.proposal import ReferenceArgument, told
from cli.output import JsonOption, output
from cli.session import ActorOption, ask

WhyOption = Annotated[str, typer.Option("--reason", help="Why not, in words that auditors can follow.")]


def reject(reference: ReferenceArgument, reason: WhyOption, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Reject a proposed credit, or take back one's own; everything stays as it was."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.credits.reject(reference, actor=s.actor, reason=reason), actor=actor), told)
