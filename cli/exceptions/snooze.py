"""`handoff exceptions snooze`: let an exception rest until a time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.exceptions.number import NumberArgument, shown
from cli.output import JsonOption, Refused, output
from cli.session import ActorOption, ask

UntilArgument = Annotated[
    str,
    typer.Argument(metavar="UNTIL", help="A day (2026-11-30), a time (2026-11-30T09:00, local unless it has a zone), or 4h, 2d."),
]
_AHEAD = re.compile(r"(\d{1,4})([hd])")


def snooze(number: NumberArgument, until: UntilArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Let an exception rest until a time."""
    with output(json) as out:
        moment = read(until, now=datetime.now(UTC))
        out.show(
            ask(out, lambda s: s.office.exceptions.snooze(number, moment, actor=s.actor), actor=actor, with_temporal=False), shown
        )


def read(text: str, *, now: datetime) -> datetime:
    """The moment that a person means; a time without a zone is of this machine's."""
    ahead = _AHEAD.fullmatch(text)
    if ahead:
        return now + int(ahead[1]) * (timedelta(hours=1) if ahead[2] == "h" else timedelta(days=1))
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise Refused(
            "TIME_NOT_UNDERSTOOD",
            f"{text!r} is no time",
            hint="Write a day (2026-11-30), a time (2026-11-30T09:00), or how long: 4h, 2d.",
        ) from None
