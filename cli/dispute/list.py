"""`handoff dispute list`: what customers contest."""

from typing import Annotated

import typer

from canonical.receivable import Dispute
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import table

CustomerOption = Annotated[str, typer.Option(help="Only this customer's.")]
SettledOption = Annotated[bool, typer.Option("--settled", help="Those that are settled, too.")]


def list_disputes(
    customer: CustomerOption = "", settled: SettledOption = False, actor: ActorOption = None, json: JsonOption = False
) -> None:
    """What customers contest, the oldest first."""
    with output(json) as out:
        found = ask(out, lambda s: s.office.receivables.disputes(customer=customer, with_settled=settled), actor=actor)
        out.show(list(found), _shown)


def _shown(disputes: list[Dispute]) -> object:
    rows = [
        (one.key, one.customer, one.number or one.document, one.amount, one.reason, one.opened_at, one.conceded, one.outcome)
        for one in disputes
    ]
    headers = ("Dispute", "Customer", "Invoice", "Amount", "Reason", "Since", "Conceded", "Outcome")
    return table(headers, rows) or "Nothing is contested."
