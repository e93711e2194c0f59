"""`handoff invoice show`: one invoice with its lines."""

from typing import Annotated

import typer

from canonical.invoice import Invoice
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import table

ReferenceArgument = Annotated[str, typer.Argument(metavar="INVOICE", help="Our reference, from `handoff billing show`.")]


def show(reference: ReferenceArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """One invoice with its lines, taxes and accounts."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.billing.invoice(reference), actor=actor), _shown)


def _shown(invoice: Invoice) -> object:
    rows = [
        (
            line.number,
            line.description,
            line.quantity.normalize(),
            line.unit,
            line.rate,
            line.amount,
            line.tax,
            line.account,
            line.items,
        )
        for line in invoice.lines
    ]
    title = f"{invoice.reference} to {invoice.customer}: {invoice.net} net, {invoice.tax} tax, {invoice.total}"
    return table(("Line", "What", "Quantity", "Unit", "Rate", "Amount", "Tax", "Account", "Items"), rows, title=title)
