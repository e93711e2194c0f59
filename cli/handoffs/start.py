"""`handoff start`: ask for a contract's handoff, and if wanted watch it until it is done or waits for people."""

import asyncio
import time
from typing import Annotated

import typer

from canonical.engagement import EngagementRow, EngagementStatus
from cli.handoffs.contract import ContractArgument
from cli.handoffs.show import shown
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask
from operations.asked import Started

RESTING = {
    EngagementStatus.PARKED,
    EngagementStatus.WAITING,
    EngagementStatus.ACTIVE,
    EngagementStatus.PARTLY_ACTIVE,
    EngagementStatus.WITHDRAWN,
}
"""Nothing more happens by itself, or not soon."""

WaitOption = Annotated[float | None, typer.Option(metavar="SECONDS", help="Watch it until it rests, for this long at most.")]


def start(
    contract: ContractArgument,
    wait: WaitOption = None,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Ask for a contract's handoff; asked twice, it is done once."""
    with output(json) as out:
        if wait is None:
            out.show(
                ask(out, lambda s: s.office.handoffs.start(contract, actor=s.actor), actor=actor, with_temporal=False), _asked
            )
            return
        with out.working(f"handing over {contract}"):
            row = ask(out, lambda s: _watched(s, contract, wait), actor=actor, with_temporal=False)
        out.show(row, shown)


async def _watched(session: Session, contract: str, seconds: float) -> EngagementRow:
    await session.office.handoffs.start(contract, actor=session.actor)
    deadline = time.monotonic() + seconds
    while True:
        found = [row for row in await session.office.handoffs.engagements(limit=1000) if row.reference == contract]
        if found and (found[0].status in RESTING or time.monotonic() > deadline):
            return found[0]
        if time.monotonic() > deadline:
            return await session.office.handoffs.engagement(contract)
        await asyncio.sleep(0.2)


def _asked(started: Started) -> str:
    return f"The handoff of {started.contract} is asked for. Next: `handoff show {started.contract}`."
