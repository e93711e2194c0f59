"""`handoff revenue measure`: say how far a line's work is, and how far it will go."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from pydantic import BaseModel

from canonical.errors import Malformed
from canonical.obligation import ProgressMeasure
from canonical.revenue_event import Progress
from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask

LineArgument = Annotated[str, typer.Argument(help="The contract line: L1.")]
DoneOption = Annotated[str, typer.Option(help="Cost or hours so far.")]
ExpectedOption = Annotated[str, typer.Option(help="Cost or hours in all, as estimated now.")]
OnOption = Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The day that it is measured for.")]
VersionOption = Annotated[int, typer.Option("--version", min=1, help="Higher for a correction of the same day.")]
NoteOption = Annotated[str, typer.Option(help="What the estimate is based on.")]


class Measured(BaseModel):
    """The estimate is kept; ``is_new`` is false when it was known already."""

    contract: str
    line: str
    is_new: bool


def measure(
    contract: ContractArgument,
    line: LineArgument,
    done: DoneOption,
    expected: ExpectedOption,
    on: OnOption,
    version: VersionOption = 1,
    note: NoteOption = "",
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Keep an estimate of progress; revenue that is earned over time follows it at the next run, also downwards."""

    async def kept(session: Session) -> Measured:
        measure = ProgressMeasure(
            contract=contract,
            line=line,
            as_of=on.date(),
            version=version,
            progress=Progress(done=_number("--done", done), expected=_number("--expected", expected)),
            source=session.actor,
            note=note,
        )
        return Measured(contract=contract, line=line, is_new=await session.office.closing.measure(measure, actor=session.actor))

    with output(json) as out:
        out.show(
            ask(out, kept, actor=actor), lambda m: f"{'Kept' if m.is_new else 'Known already'}. Next: `handoff revenue run`."
        )


def _number(option: str, text: str) -> Decimal:
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Malformed(f"{option} is no number: {text[:40]!r}", remedy="Write it in figures: 480 or 480.5.")
    return found
