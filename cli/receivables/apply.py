"""`handoff receivables apply`: what a customer has with us settles an invoice."""

from typing import Annotated

import typer

from activities.cash import Applied
from cli.amount import AmountArgument
from cli.invoice.trace import NameArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask

SourceArgument = Annotated[
    str, typer.Argument(metavar="MONEY", help="The deposit or payment: its reference, or its id in the ERP.")
]
NameOption = Annotated[
    str, typer.Option("--name", help="Tells a second application of the same money to the same invoice apart.")
]


def apply(
    money: SourceArgument,
    invoice: NameArgument,
    amount: AmountArgument,
    name: NameOption = "",
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Apply a deposit or an unapplied payment to an invoice, once; asked again, the answer is the same."""
    with output(json) as out:
        with out.working(f"applying {money}"):
            applied = ask(out, lambda s: s.office.cash.apply(money, invoice, amount, name=name, actor=s.actor), actor=actor)
        out.show(applied, _told)


def _told(applied: Applied) -> str:
    gain = f" Exchange realized {applied.gain}." if applied.gain else ""
    return f"It is applied: {applied.open} of the invoice stay open, {applied.left} of the money are left.{gain}"
