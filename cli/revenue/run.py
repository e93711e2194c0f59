"""`handoff revenue run`: recognize what a month of an entity earned."""

from cli.close.month import EntityArgument, PeriodArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from workflows.recognize_revenue import RevenueRecognized


def run(entity: EntityArgument, period: PeriodArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Recognize what was earned through a month and post it; asked again, only what has changed."""
    with output(json) as out:
        with out.working(f"revenue of {entity} for {period}"):
            done = ask(out, lambda s: s.office.closing.recognize(entity, period, actor=s.actor), actor=actor)
        out.show(done, told)


def told(done: RevenueRecognized) -> str:
    """In a sentence."""
    if done.waits_for_people:
        return "It waits for people: `handoff exceptions list`."
    unmeasured = f" {done.unmeasured} lines want a measure of their progress." if done.unmeasured else ""
    if not done.runs:
        return f"Nothing has changed since the last run.{unmeasured}"
    numbers = ", ".join(f"{ours} is {number}" for ours, number in done.journals.items()) or "no journal was needed"
    return f"{done.obligations} obligations: {numbers}.{unmeasured} Next: `handoff revenue show`."
