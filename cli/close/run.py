"""`handoff close run`: recognize, propose accruals, judge; what needs people is in the queue."""

from cli.close.month import EntityArgument, PeriodArgument
from cli.close.show import shown
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from operations.closing import CloseRun


def run(entity: EntityArgument, period: PeriodArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Recognize the month's revenue, propose its accruals, and say what stands in the way; the ERP is not closed by this."""
    with output(json) as out:
        with out.working(f"closing {entity} for {period}"):
            done = ask(out, lambda s: s.office.closing.close(entity, period, actor=s.actor), actor=actor)
        out.show(done, _told)


def _told(done: CloseRun) -> list[object]:
    rest = [] if done.is_done else ["The close waits for people: `handoff exceptions list`."]
    return [shown(done.readiness), *rest]
