"""`handoff list`: the engagements and where each stands."""

from typing import Annotated

import typer
from rich.table import Table

from canonical.engagement import EngagementRow, EngagementStatus
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import money, table

StatusOption = Annotated[EngagementStatus | None, typer.Option(help="Only those that stand there.")]
EntityOption = Annotated[str | None, typer.Option(help="Only those of this legal entity.")]
LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]


def list_engagements(
    status: StatusOption = None,
    entity: EntityOption = None,
    limit: LimitOption = 100,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """The engagements and where each stands."""
    with output(json) as out:
        rows = ask(
            out,
            lambda s: s.office.handoffs.engagements(status=status, entity=entity, limit=limit),
            actor=actor,
            with_temporal=False,
        )
        out.show(rows, _board)


def _board(rows: list[EngagementRow]) -> Table | str:
    headers = ("Value", "Status", "Contract", "Title", "Customer", "Entity", "Note")
    cells = [(money(r.value), r.status, r.reference, r.title, r.customer, r.entity, r.note) for r in rows]
    return table(headers, cells) or "No engagement. Next: `handoff start CONTRACT`."
