"""`handoff billing show`: the invoices of a contract, what waits, and its retainers, purchase orders and caps."""

from collections.abc import Sequence

from pydantic import BaseModel
from rich.console import Group
from rich.table import Table

from canonical.billing_document import BillingDocument
from canonical.billing_view import BacklogRow
from canonical.sub_ledger import SubLedger
from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask
from cli.tables import table


class Billed(BaseModel):
    """The money of a contract."""

    documents: list[BillingDocument]
    backlog: list[BacklogRow]
    sub_ledgers: list[SubLedger]


def show(contract: ContractArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """The invoices of a contract, what waits to be billed, and its retainers, orders and caps."""

    async def billed(session: Session) -> Billed:
        desk = session.office.billing
        return Billed(
            documents=list(await desk.documents(contract)),
            backlog=list(await desk.backlog(contract=contract)),
            sub_ledgers=list(await desk.sub_ledgers(contract)),
        )

    with output(json) as out:
        out.show(ask(out, billed, actor=actor), _shown)


def _shown(billed: Billed) -> object:
    parts = [
        documents_table(billed.documents, title="Invoices and credit memos"),
        table(
            ("State", "Code", "Amount", "Items", "Oldest"),
            [(row.state, row.code, row.amount, row.items, row.oldest) for row in billed.backlog],
            title="What waits",
        ),
        table(
            ("Kind", "Name", "Balance", "Agreed", "Ceiling"),
            [(one.kind, one.name, one.balance, one.agreed, one.ceiling) for one in billed.sub_ledgers],
            title="Retainers, purchase orders and caps",
        ),
    ]
    held = [part for part in parts if part]
    return Group(*held) if held else "Nothing is billed and nothing waits. Next: `handoff billing run CONTRACT --through DAY`."


def documents_table(documents: Sequence[BillingDocument], *, title: str = "") -> Table | str:
    """Documents, a line each."""
    rows = [
        (one.reference, one.number, one.state, one.net, one.tax, one.total, one.purchase_order, one.accounting_date)
        for one in documents
    ]
    return table(("Ours", "Number", "State", "Net", "Tax", "Total", "Purchase order", "Accounted"), rows, title=title)
