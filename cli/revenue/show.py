"""`handoff revenue show`: runs and journals of a month, and billed against earned."""

from typing import Annotated

import typer
from rich.console import Group

from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import table
from operations.closing import RevenueOf

EntityOption = Annotated[str, typer.Option(help="Only this legal entity.")]
PeriodOption = Annotated[str, typer.Option(help="The runs of this month: 2026-04 (with --entity).")]
ContractOption = Annotated[str, typer.Option(help="Only this contract.")]


def show(
    entity: EntityOption = "",
    period: PeriodOption = "",
    contract: ContractOption = "",
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Billed against earned, by obligation; and the runs of an entity with their journals."""
    with output(json) as out:
        found = ask(out, lambda s: s.office.closing.revenue(entity=entity, period=period, contract=contract), actor=actor)
        out.show(found, _shown)


def _shown(found: RevenueOf) -> object:
    parts = [
        table(
            ("Obligation", "Treatment", "Earned", "Billed", "Contract asset", "Liability", "Last"),
            [
                (
                    one.obligation,
                    one.treatment,
                    one.earned,
                    one.billed,
                    one.asset,
                    one.liability,
                    one.last and one.last.recognized_on,
                )
                for one in found.earned
            ],
            title="Earned and billed",
        ),
        table(
            ("Run", "State", "Accounted", "Obligations", "Journals"),
            [(r.reference, r.state, r.accounting_date, r.obligations, ", ".join(r.journals)) for r in found.runs],
            title="Runs",
        ),
        table(
            ("Journal", "State", "Amount", "Number"),
            [(j.reference, j.state, j.amount, j.number) for j in found.journals],
            title="Journals",
        ),
    ]
    held = [part for part in parts if part]
    return Group(*held) if held else "Nothing was recognized yet. Next: `handoff revenue run ENTITY PERIOD`."
