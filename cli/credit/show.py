"""`handoff credit show`: one proposal with its allocations."""

from cli.credit.proposal import ReferenceArgument, shown
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from operations.credit_desk import CreditStory


def show(reference: ReferenceArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """One credit: its amounts, the exact allocations, what becomes of them, and what waits about it."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.credits.show(reference), actor=actor), _story)


def _story(story: CreditStory) -> list[object]:
    waiting = [f"Exception {case.number} {case.code} waits for {case.owner_role}: {case.sentence}" for case in story.waiting]
    return [*shown(story.proposal), *waiting]
