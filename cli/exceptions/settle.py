"""`handoff exceptions settle`: a person's decision."""

from typing import Annotated

import typer

from canonical.exception import Decision
from cli.exceptions.number import NumberArgument, told
from cli.output import JsonOption, output
from cli.session import ActorOption, ask

DecisionOption = Annotated[Decision, typer.Option(help="What the waiting workflow should do.")]
ReasonOption = Annotated[str, typer.Option(help="Why; needed for override, reject and adopt.")]
AdoptOption = Annotated[str, typer.Option(metavar="ID", help="With adopt: the id of the record in the target system.")]


def settle(
    number: NumberArgument,
    decision: DecisionOption = Decision.RETRY,
    reason: ReasonOption = "",
    adopt: AdoptOption = "",
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Decide one exception; the waiting workflow goes on at once."""
    with output(json) as out:
        settled = ask(
            out,
            lambda s: s.office.exceptions.settle(number, decision, actor=s.actor, reason=reason, adopt=adopt),
            actor=actor,
        )
        out.show(settled, told)
