"""`handoff invoice show`: one invoice with its lines, what was paid for it, and what of it is contested."""

from rich.console import Group
from rich.table import Table

from canonical.invoice import Invoice
from cli.invoice.trace import NameArgument
from cli.output import JsonOption, output
from cli.receivables.show import payments_table
from cli.session import ActorOption, ask
from cli.tables import table
from operations.receivables import InvoiceAccount


def show(reference: NameArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """One invoice with its lines, taxes and accounts, its payments and disputes."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.receivables.invoice(reference), actor=actor), _shown)


def _shown(account: InvoiceAccount) -> object:
    document = account.document
    number = f" ({document.number})" if document.number else ""
    due = f", due {document.due_date}" if document.due_date else ""
    stands = f"{document.reference}{number} is {document.state}{due}: {document.open} open."
    disputes = table(
        ("Dispute", "Amount", "Reason", "Conceded", "Outcome"),
        [(one.key, one.amount, one.reason, one.conceded, one.outcome) for one in account.disputes],
        title="Contested",
    )
    parts = [_lines(account.invoice), payments_table(account.payments), disputes, stands]
    return Group(*(part for part in parts if part))


def _lines(invoice: Invoice) -> Table | str:
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
