"""`handoff usage show`: what was used of a contract, and what it comes to."""

from datetime import datetime
from typing import Annotated

import typer

from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import Session, ask
from cli.tables import money, table
from operations.metering import Usage

ThroughOption = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Periods that are over by the end of this day.")]


def show(contract: ContractArgument, through: ThroughOption, json: JsonOption = False) -> None:
    """What was used in the periods that are over, what it comes to, and the periods of which no meter has spoken."""

    async def shown(session: Session) -> Usage:
        return await session.office.metering.show(contract, through=through.date())

    with output(json) as out:
        out.show(ask(out, shown), _told)


def _told(usage: Usage) -> list[object]:
    rows = [(one.line, str(one.service), f"{one.quantity:f} {one.unit}".strip(), money(one.amount)) for one in usage.items]
    entered = table(("Line", "Period", "Used", "Comes to"), rows)
    return [
        entered or f"Nothing was used of {usage.contract} in a period that is over.",
        *(one.sentence for one in usage.missing),
    ]
