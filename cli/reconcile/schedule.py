"""`handoff reconcile schedule`: an entity's evening run, and making up for days that were missed."""

from datetime import datetime
from typing import Annotated

import typer
from pydantic import BaseModel

from cli.output import JsonOption, Refused, output
from cli.reconcile.run import EntityArgument
from cli.session import ActorOption, Session, ask
from operations.schedules import Scheduled

BackfillOption = Annotated[
    datetime | None, typer.Option("--backfill-since", formats=["%Y-%m-%d"], help="Make up from this day on ...")
]
ThroughOption = Annotated[
    datetime | None, typer.Option("--through", formats=["%Y-%m-%d"], help="... up to this day, which is included.")
]


class Planned(BaseModel):
    """The schedule as the server has it, and the days that it was told to make up for."""

    schedule: Scheduled
    backfilled: str = ""


def schedule(
    entity: EntityArgument,
    backfill_since: BackfillOption = None,
    through: ThroughOption = None,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """An entity's evening schedule; with days, make up for them."""
    if (backfill_since is None) != (through is None):
        raise Refused(
            "MALFORMED", "A backfill needs both of its ends", hint="Give --backfill-since DAY and --through DAY.", exit_code=2
        )

    async def told(session: Session) -> Planned:
        applied = await session.office.apply_schedules()
        found = next((one for one in applied if one.id == f"reconcile/{entity}"), None)
        if backfill_since and through:
            desk = session.office.reconciliation
            days = {"since": backfill_since.date(), "through": through.date()}
            made = await desk.backfill(entity, **days, actor=session.actor)
            return Planned(schedule=_required(found, entity), backfilled=f"{made.since} through {made.through}")
        return Planned(schedule=_required(found, entity))

    with output(json) as out:
        out.show(ask(out, told, actor=actor), _told)


def _required(found: Scheduled | None, entity: str) -> Scheduled:
    if found is None:
        raise Refused("NOT_FOUND", f"There is no legal entity {entity}", hint="Take one of policies/entities.")
    return found


def _told(planned: Planned) -> str:
    made = f" It makes up for {planned.backfilled}." if planned.backfilled else ""
    at = f"{planned.schedule.next_at:%Y-%m-%d %H:%M %Z}" if planned.schedule.next_at else "when it is resumed"
    return f"{planned.schedule.note} Next: {at}.{made} Runs: `handoff reconcile show`."
