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
        out.show(ask(out, lambda s: s.office.billing.trace(name, line=line), actor=actor), shown)


def shown(found: Trace) -> object:
    """Three tables: lines with their clause and tax, what stands behind them, what was posted."""
    there = f"{found.system} {found.number or found.target_id}"
    head = f"{found.document} ({there}) of {found.contract}: {found.net} and {found.tax} tax"
    head += f" (exempt by certificate {found.exemption_certificate})" if found.exemption_certificate else ""
    head += f"; signed contract {found.signed_contract}" if found.signed_contract else ""
    owed = [
        (one.line.number, one.line.line, one.clause, one.line.description, one.line.amount, one.line.tax_code, one.line.tax)
        for one in found.lines
    ]
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
    behind = ("Line", "Item", "Service", "Person", "Approved by", "Rates", "Amount", "Evidence", "Credited")
    postings = [(one.journal, one.posted_on, one.line.account, one.line.debit, one.line.credit) for one in found.postings]
    return Group(
        table(("Line", "Of the contract", "Clause", "Description", "Amount", "Tax code", "Tax"), owed, title=head),
        table(behind, items, title="What stands behind it"),
        table(("Journal", "Posted", "Account", "Debit", "Credit"), postings, title="What it posted"),
    )
