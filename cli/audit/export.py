"""`handoff audit export`: the trail for auditors, row by row as it is read, so that its length does not matter."""

import json as encoder
import sys
from typing import Annotated

import typer

from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask

EngagementArgument = Annotated[str | None, typer.Argument(metavar="CONTRACT", help="Only this engagement's.")]


def export(engagement: EngagementArgument = None, actor: ActorOption = None, json: JsonOption = False) -> None:
    """The trail of one engagement, or all of it, as one JSON object a line.

    With --json it is one list instead.
    """

    async def written(session: Session) -> int:
        count = 0
        async for row in session.office.export_audit(engagement):
            before = ("[\n" if count == 0 else ",\n") if json else ""
            sys.stdout.write(before + encoder.dumps(session.seen(row)) + ("" if json else "\n"))
            count += 1
        if json:
            sys.stdout.write("\n]\n" if count else "[]\n")
        return count

    with output(json) as out:
        count = ask(out, written, actor=actor, with_temporal=False)
        out.say(f"{count} entries. Next: `handoff audit verify`.")
