"""`handoff invoice trace`: from an invoice line to everything that caused it (DESIGN 1.8)."""

from typing import Annotated

import typer
from rich.console import Group

from canonical.billing_view import Trace
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import table

NameArgument = Annotated[str, typer.Argument(metavar="INVOICE", help="Our reference, or the number in the ERP.")]
LineOption = Annotated[int | None, typer.Option(help="Only this line.")]


def trace(name: NameArgument, line: LineOption = None, actor: ActorOption = None, json: JsonOption = False) -> None:
    """From an invoice line to its entries, people, approvers, rate versions, clauses, acceptances and journals."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.billing.trace(name, line=line), actor=actor), _shown)


def _shown(found: Trace) -> object:
    items = [
        (
            one.line,
            one.billable.reference,
            one.billable.service.start,
            one.billable.work.person,
            one.billable.work.approved_by,
            one.billable.rate_version,
            one.amount,
            ", ".join(f"{name} {value}" for name, value in one.billable.evidence.items() if value),
            ", ".join(f"{credit.amount} {credit.disposition}" for credit in one.credits),
        )
        for one in found.items
    ]
    postings = [(one.journal, one.posted_on, one.line.account, one.line.debit, one.line.credit) for one in found.postings]
    there = f"{found.system} {found.number or found.target_id}"
    head = f"{found.document} ({there}) of {found.contract}: {found.net} and {found.tax} tax"
    return Group(
        table(("Line", "Item", "Service", "Person", "Approved by", "Rates", "Amount", "Evidence", "Credited"), items, title=head),
        table(("Journal", "Posted", "Account", "Debit", "Credit"), postings, title="What it posted"),
    )
