"""`handoff receivables show`: a customer as accounting looks at it."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table

from canonical.payment import Payment
from canonical.rules.aging import Bucket
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import table
from operations.receivables import CustomerAccount

CustomerArgument = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="As invoices name it (CUST-10100), its account number, or its id in the ERP.")
]


def show(customer: CustomerArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """What a customer owes by age, its open invoices, payments and disputes."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.receivables.customer(customer), actor=actor), _shown)


def _shown(account: CustomerAccount) -> object:
    parts = [one for one in _tables(account) if one]
    return Group(*parts) if parts else f"{account.customer} owes nothing."


def _tables(account: CustomerAccount) -> Iterator[Table | str]:
    yield table(
        ("Open", "Overdue", "Disputed", "Credit", "Parked", "Documents"),
        [(one.open, one.overdue, one.disputed, one.credit, one.parked, one.documents) for one in account.exposures],
        title=account.customer,
    )
    for aged in account.aging:
        yield table(
            [_edge(one) for one in aged.buckets], [[one.amount for one in aged.buckets]], title=f"By age, {aged.currency}"
        )
    yield table(
        ("Invoice", "Number", "State", "Due", "Total", "Open", "Disputed"),
        [(one.reference, one.number, one.state, one.due, one.total, one.open, one.disputed or "") for one in account.invoices],
        title="Open invoices",
    )
    yield payments_table(account.payments)
    yield table(
        ("Dispute", "Invoice", "Amount", "Reason", "Since"),
        [(one.key, one.number or one.document, one.amount, one.reason, one.opened_at) for one in account.disputes],
        title="Contested",
    )


def payments_table(payments: tuple[Payment, ...]) -> Table | str:
    """Payments, a line each."""
    rows = [
        (
            one.reference,
            one.kind,
            one.received_on,
            one.state,
            one.amount,
            _applied(one),
            one.unapplied if one.unapplied.amount else "",
        )
        for one in payments
    ]
    return table(("Payment", "Kind", "Received", "State", "Amount", "Applied to", "Unapplied"), rows, title="Payments")


def _applied(payment: Payment) -> str:
    told = []
    for one in payment.applications:
        withheld = f" and {one.withheld} withheld ({one.certificate or 'no certificate'})" if one.withheld else ""
        told.append(f"{one.number or one.target_id}: {one.amount}{withheld}")
    return "; ".join(told)


def _edge(bucket: Bucket) -> str:
    if bucket.above is None:
        return "Not due"
    return f"More than {bucket.above} days" if bucket.up_to is None else f"{bucket.above + 1}-{bucket.up_to} days"
