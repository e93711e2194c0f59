"""`handoff exceptions list`: what waits for people."""

from typing import Annotated

import typer
from rich.table import Table

from canonical.exception import Case, CaseState
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import money, table

OwnerOption = Annotated[str | None, typer.Option(help="Only those that this role owns.")]
CodeOption = Annotated[str | None, typer.Option(help="Only those of this code, such as TAX_ID_MISSING.")]
EngagementOption = Annotated[str | None, typer.Option(help="Only those of this contract.")]
StateOption = Annotated[CaseState | None, typer.Option(help="Only those in this state; otherwise what waits.")]
LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]


def list_exceptions(
    owner: OwnerOption = None,
    code: CodeOption = None,
    engagement: EngagementOption = None,
    state: StateOption = None,
    limit: LimitOption = 100,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """What waits for people, the most money first."""
    with output(json) as out:
        cases = ask(
            out,
            lambda s: s.office.exceptions.waiting(owner=owner, code=code, engagement=engagement, state=state, limit=limit),
            actor=actor,
            with_temporal=False,
        )
        out.show(cases, _queue)


def _queue(cases: list[Case]) -> Table | str:
    headers = ("Money", "Code", "Number", "Engagement", "What", "Owner", "Due", "State")
    return table(headers, map(_row, cases)) or "Nothing waits for people."


def _row(case: Case) -> tuple[object, ...]:
    owner = case.assignee or case.owner_role
    worth = money(case.money_amount, case.money_currency)
    return worth, case.code, case.number, case.engagement, case.sentence, owner, case.due_at, case.state
