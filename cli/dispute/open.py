"""`handoff dispute open`: a part of an invoice is contested."""

from typing import Annotated

import typer

from canonical.receivable import Dispute
from cli.amount import AmountArgument
from cli.invoice.trace import NameArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask

ReasonOption = Annotated[str, typer.Option(help="What the customer contests.")]
NameOption = Annotated[str, typer.Option("--name", help="What the dispute is called; numbered by its invoice unless given.")]
ItemOption = Annotated[str, typer.Option(help="The item that it is about, as `handoff invoice trace` names it.")]
LineOption = Annotated[int | None, typer.Option(help="The line of the invoice that it is about.")]


def open_dispute(
    invoice: NameArgument,
    amount: AmountArgument,
    reason: ReasonOption,
    name: NameOption = "",
    item: ItemOption = "",
    line: LineOption = None,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Record what a customer contests of an invoice: collections skip it, exposure shows it."""
    with output(json) as out:
        opened = ask(
            out,
            lambda s: s.office.receivables.open_dispute(invoice, amount, reason, name=name, item=item, line=line, actor=s.actor),
            actor=actor,
        )
        out.show(opened, _told)


def _told(dispute: Dispute) -> str:
    return f"Dispute {dispute.key}: {dispute.amount} of {dispute.number or dispute.document}. Next: `handoff dispute settle`."
