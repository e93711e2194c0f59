"""`handoff reconcile show`: past runs, one of them with what it found, or what stands open."""

from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Group
from rich.table import Table

from canonical.reconciliation import Discrepancy, DiscrepancyType, Reconciliation, ReconciliationRun
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask
from cli.tables import table

RunArgument = Annotated[int | None, typer.Argument(metavar="RUN", help="A run's number; without it, the runs and what stands.")]
EntityOption = Annotated[str, typer.Option("--entity", help="Only of this entity.")]
TypeOption = Annotated[DiscrepancyType | None, typer.Option("--type", help="Only findings of this type.")]
LimitOption = Annotated[int, typer.Option(min=1, max=1_000, help="At most so many.")]


class Standing(BaseModel):
    """The last runs, and what stands open after them."""

    runs: list[ReconciliationRun]
    open: list[Discrepancy]


def show(
    run: RunArgument = None,
    entity: EntityOption = "",
    type: TypeOption = None,
    limit: LimitOption = 50,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Past runs; one run with its findings; or what stands open."""

    async def one(session: Session) -> Reconciliation:
        return await session.office.reconciliation.read(run or 0)

    async def standing(session: Session) -> Standing:
        desk = session.office.reconciliation
        runs = list(await desk.runs(entity=entity, limit=limit))
        return Standing(runs=runs, open=list(await desk.standing(entity=entity, type=type, limit=limit)))

    with output(json) as out:
        if run is None:
            out.show(ask(out, standing, actor=actor), _standing)
        else:
            out.show(ask(out, one, actor=actor), shown)


def shown(seen: Reconciliation) -> object:
    """One run, for people."""
    run = seen.run
    title = f"Run {run.number}: {run.entity}, {run.since} through {run.through}, as of {run.as_of:%Y-%m-%d %H:%M %Z}"
    sides = [(one.comparison, one.left, one.left_count, one.right, one.right_count, one.not_compared) for one in seen.sides]
    totals = [(one.currency, one.net, one.gross, one.late, one.held, one.findings) for one in seen.totals]
    positions = [
        (one.contract, one.currency, one.agreed, one.approved, one.billed, one.earned, one.unbilled, one.deferred, one.overrun)
        for one in seen.positions
    ]
    parts = [
        table(("Compared", "Left", "Records", "Right", "Records", "Not compared because"), sides, title=title),
        table(("Currency", "Net drift", "Gross drift", "Late", "Held", "Findings"), totals, title="Drift"),
        _findings(seen.findings, "Findings"),
        _findings(seen.closed, "Closed by this run"),
        table(
            ("Contract", "Currency", "Agreed", "Approved", "Billed", "Earned", "Unbilled", "Deferred", "Overrun"),
            positions,
            title="Billed against earned, effort against terms",
        ),
    ]
    return Group(*(part for part in parts if part))


def _standing(seen: Standing) -> object:
    runs = [(one.number, one.entity, one.since, one.through, one.as_of, one.finished_at) for one in seen.runs]
    parts = [
        table(("Run", "Entity", "Since", "Through", "As of", "Finished"), runs, title="Runs"),
        _findings(seen.open, "Open findings, the most money first"),
    ]
    held = [part for part in parts if part]
    return Group(*held) if held else "Nothing was reconciled yet. Next: `handoff reconcile run ENTITY`."


def _findings(found: list[Discrepancy], title: str) -> Table | str:
    rows = [
        (one.number, one.type, one.comparison, one.key, one.day, one.money, one.left, one.right, one.reason, one.since.date())
        for one in found
    ]
    headers = ("Finding", "Type", "Compared", "Key", "Day", "Money", "Left", "Right", "Reason", "Since")
    return table(headers, rows, title=title)
