"""`handoff schedules trigger`: a schedule's work, now."""

from typing import Annotated

import typer
from pydantic import BaseModel

from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask

ScheduleArgument = Annotated[str, typer.Argument(metavar="SCHEDULE", help="Its name, from `handoff schedules list`.")]


class Triggered(BaseModel):
    """The schedule was told to run."""

    id: str


def trigger(schedule: ScheduleArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Run a schedule's work now."""

    async def told(session: Session) -> Triggered:
        await session.office.trigger_schedule(schedule)
        return Triggered(id=schedule)

    with output(json) as out:
        out.show(ask(out, told, actor=actor), lambda t: f"{t.id} runs now. Next: `handoff schedules list`.")
