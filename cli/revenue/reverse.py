"""`handoff revenue reverse`: take back what was recognized of a month."""

from typing import Annotated

import typer

from cli.close.month import EntityArgument, PeriodArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from workflows.recognize_revenue import RevenueRecognized

ReasonOption = Annotated[str, typer.Option(help="Why; auditors will read it.")]


def reverse(
    entity: EntityArgument, period: PeriodArgument, reason: ReasonOption, actor: ActorOption = None, json: JsonOption = False
) -> None:
    """Reverse the journals of a month's revenue in an open period; the next run recognizes it anew."""
    with output(json) as out:
        with out.working(f"reversing revenue of {entity} for {period}"):
            done = ask(out, lambda s: s.office.closing.reverse(entity, period, reason=reason, actor=s.actor), actor=actor)
        out.show(done, _told)


def _told(done: RevenueRecognized) -> str:
    if done.waits_for_people:
        return "It waits for people: `handoff exceptions list`."
    return f"Reversed: {', '.join(done.runs) or 'nothing stood'}. Next: `handoff revenue run` recognizes it anew."
