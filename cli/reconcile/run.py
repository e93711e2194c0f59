"""`handoff reconcile run`: one entity, both sides of everything, now."""

from datetime import datetime
from typing import Annotated

import typer

from canonical.reconciliation import Reconciliation
from cli.output import JsonOption, output
from cli.reconcile.show import shown
from cli.session import ActorOption, Session, ask

EntityArgument = Annotated[str, typer.Argument(metavar="ENTITY", help="A legal entity of policies/entities, such as US01.")]
SinceOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on; the look-back otherwise.")]
ThroughOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to this day, which is included.")]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="What changed after this time is LATE; now unless given."),
]
ReportOption = Annotated[bool, typer.Option("--report-only", help="Heal nothing, propose nothing: an auditor's look.")]


def run(
    entity: EntityArgument,
    since: SinceOption = None,
    through: ThroughOption = None,
    as_of: AsOfOption = None,
    report_only: ReportOption = False,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Compare an entity's systems with our ledger now; MISSING and LATE heal."""

    async def reconciled(session: Session) -> Reconciliation:
        desk = session.office.reconciliation
        done = await desk.run(
            entity,
            since=since.date() if since else None,
            through=through.date() if through else None,
            as_of=as_of,
            is_report_only=report_only,
            actor=session.actor,
        )
        return await desk.read(done.run)

    with output(json) as out:
        with out.working(f"reconciling {entity}"):
            found = ask(out, reconciled, actor=actor)
        out.show(found, shown)
