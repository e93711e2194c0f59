"""`handoff usage import`: the readings of a meter, from a file."""

from pathlib import Path
from typing import Annotated

import typer

from canonical.usage import MeterReadings
from cli.given_file import object_in
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask
from operations.metering import UsageTaken

FileArgument = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, help="YAML or JSON of MeterReadings (`handoff schema MeterReadings`)."),
]


def import_readings(file: FileArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Import what meters say was used; it is billed once its period is over. Asked again, nothing is counted twice."""
    with output(json) as out:
        given = out.run(object_in(file, lambda _: MeterReadings))

        async def kept(session: Session) -> UsageTaken:
            return await session.office.metering.take(given, actor=session.actor)

        out.show(ask(out, kept, actor=actor), _told)


def _told(taken: UsageTaken) -> str:
    known = taken.readings - taken.new
    said = f" {known} were known already." if known else ""
    return f"{taken.new} readings of {taken.source} are kept.{said} Next: `handoff usage show CONTRACT`."
